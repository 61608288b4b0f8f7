import json

import numpy as np
import pytest

from imgcls.evaluation.drift_reference import MOST_VALUES, Distribution, DriftReference
from tests.evaluation.observed import drawn_table


def test_a_reference_is_small_and_read_as_it_was():
    reference = DriftReference.from_table(drawn_table(3000, seed=0, dimension=1280))
    text = json.dumps(reference.to_dict())
    assert len(text) < 100_000
    again = DriftReference.from_dict(json.loads(text))
    assert (again.images, again.class_names) == (3000, reference.class_names)
    np.testing.assert_array_equal(again.predicted, reference.predicted)
    for name, each in reference.distributions.items():
        np.testing.assert_array_equal(again.distributions[name].values, each.values)
    np.testing.assert_array_equal(again.coordinates.covariance, reference.coordinates.covariance)


def test_of_many_values_quantiles_are_kept():
    values = np.random.default_rng(0).permutation(100_000) / 100_000
    kept = Distribution.of(values)
    assert (kept.count, len(kept.values), kept.is_whole) == (100_000, MOST_VALUES, False)
    np.testing.assert_allclose(kept.values, (np.arange(MOST_VALUES) + 0.5) / MOST_VALUES, atol=1e-4)


def test_values_that_are_not_known_are_left_out():
    kept = Distribution.of(np.array([2.0, np.nan, 1.0]))
    assert (kept.count, kept.mean, kept.values.tolist(), kept.is_whole) == (2, 1.5, [1, 2], True)
    assert Distribution.of(np.full(3, np.nan)).count == 0


def test_images_of_one_group_are_one_observation():
    table = drawn_table(40, seed=0)
    table.rows["group"] = [f"camera {place % 8}" for place in range(40)]
    assert DriftReference.from_table(table).share_independent == 8 / 40


def test_a_reference_without_embeddings_has_the_rest():
    table = drawn_table(40, seed=0)
    reference = DriftReference.from_table(type(table)(table.rows, table.class_names, table.probabilities))
    assert reference.summary is None
    assert "distance" not in reference.distributions
    assert DriftReference.from_dict(json.loads(json.dumps(reference.to_dict()))).coordinates is None


@pytest.mark.parametrize("values", [{}, {"version": 99}, {"version": 1, "images": "many"}, {"version": 1, "images": 3}])
def test_a_damaged_reference_is_refused_in_a_sentence(values):
    with pytest.raises(ValueError, match=r"cannot be read .* Export the run again"):
        DriftReference.from_dict(values)
