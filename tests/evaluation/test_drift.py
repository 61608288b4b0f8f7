import json
import warnings

import numpy as np
import pytest
from scipy import stats

from imgcls.evaluation.drift import compare_with_reference, kolmogorov_smirnov
from imgcls.evaluation.drift_observations import Observations
from imgcls.evaluation.drift_reference import Distribution, DriftReference
from tests.evaluation.observed import drawn_table


@pytest.fixture(scope="module")
def reference():
    return DriftReference.from_table(drawn_table(400, seed=0))


def drift(reference, table):
    return compare_with_reference(reference, Observations.of_table(table, reference.summary))


def test_the_same_images_do_not_differ(reference):
    found = drift(reference, drawn_table(200, seed=2))
    assert not found.found
    assert found.verdict().startswith("Today's images are like those it was trained for: in 200 images, no difference")


def test_darker_images_are_found_and_called_darker(reference):
    found = drift(reference, drawn_table(200, seed=2, brightness=0.8))
    assert found.found
    assert "they are darker" in found.verdict()
    assert {each.name for each in found.figures if each.differs} <= {"brightness", "brightness_99", "brightness_5"}


def test_other_embeddings_are_found(reference):
    found = drift(reference, drawn_table(200, seed=2, moved=1.0))
    assert {each.name for each in found.figures if each.differs} == {"distance", "embeddings"}


def test_a_folder_of_one_class_is_found(reference):
    table = drawn_table(400, seed=2)
    found = drift(reference, table.take(table.labels == 2))
    assert "predicted classes" in found.verdict()
    assert "cat" in found.verdict()


def test_of_images_alike_drift_is_said_in_at_most_5_percent():
    said = 0
    for seed in range(200):
        reference = DriftReference.from_table(drawn_table(150, seed=2 * seed, dimension=20))
        said += drift(reference, drawn_table(100, seed=2 * seed + 1, dimension=20)).found
    assert said <= 16  # 0.05 of 200, and 2 standard deviations


def test_a_shift_of_20_percent_is_found_with_200_images(reference):
    found = [drift(reference, drawn_table(200, seed=seed, brightness=0.8)).found for seed in range(1, 21)]
    assert all(found)


def test_a_difference_that_is_sure_and_tiny_is_no_drift():
    reference = DriftReference.from_table(drawn_table(20_000, seed=0, dimension=5))
    table = drawn_table(20_000, seed=2, dimension=5)
    table.rows["brightness"] += 0.01
    found = drift(reference, table)
    (brightness,) = [each for each in found.figures if each.name == "brightness"]
    assert brightness.p_value < 0.001
    assert not brightness.differs


def test_too_few_images_are_said_to_be_so(reference):
    assert drift(reference, drawn_table(29, seed=2)).verdict() == (
        "There are only 29 images: too few to say. Take at least 30."
    )
    small = DriftReference.from_table(drawn_table(12, seed=0))
    found = drift(small, drawn_table(200, seed=2, brightness=0.5))
    assert not found.found
    assert "The reference has only 12 images: too few to say" in found.verdict()


def test_no_image_at_all_and_a_single_class_give_no_warning(reference):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = compare_with_reference(reference, Observations(0, {"confidence": np.empty(0)}, np.empty(0, int)))
        assert "There are only 0 images" in nothing.verdict()
        table = drawn_table(60, seed=0)
        alone = type(table)(table.rows.assign(label="ant", labels=[["ant"]] * 60), ["ant"], np.ones((60, 1)))
        single = DriftReference.from_table(alone)
        assert not drift(single, alone).found


def test_a_log_is_said_to_have_no_images(reference):
    table = drawn_table(200, seed=2)
    observed = Observations(200, {"confidence": table.confidence}, table.predicted)
    found = compare_with_reference(reference, observed, of_log=True)
    assert {each.name for each in found.figures} == {"confidence", "classes"}
    assert found.verdict().endswith("A log has no images: only confidence and classes were compared.")


def test_the_figures_can_be_written_as_json(reference):
    found = json.loads(json.dumps(drift(reference, drawn_table(200, seed=2)).to_dict(), allow_nan=False))
    assert found["drift"] is False
    assert {each["name"] for each in found["figures"]} >= {"confidence", "classes", "embeddings"}


def test_the_test_is_that_of_scipy_where_all_values_are_kept():
    random = np.random.default_rng(0)
    there, today = random.normal(size=300), random.normal(0.3, size=100)
    difference, p_value = kolmogorov_smirnov(Distribution.of(there), today, 1.0)
    expected = stats.ks_2samp(there, today, method="asymp")
    assert difference == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue)


def test_the_test_of_quantiles_says_no_more_than_that_of_all_values():
    random = np.random.default_rng(0)
    for shift in (0.0, 0.05, 0.2):
        there, today = random.normal(size=50_000), random.normal(shift, size=3_000)
        difference, p_value = kolmogorov_smirnov(Distribution.of(there), today, 1.0)
        expected = stats.ks_2samp(there, today, method="asymp")
        assert difference == pytest.approx(expected.statistic, abs=1.1 / 1024)
        assert p_value >= 0.9 * expected.pvalue


def test_images_of_few_groups_are_less_sure():
    random = np.random.default_rng(0)
    there, today = Distribution.of(random.normal(size=300)), random.normal(0.4, size=200)
    assert kolmogorov_smirnov(there, today, 0.05)[1] > 10 * kolmogorov_smirnov(there, today, 1.0)[1]
