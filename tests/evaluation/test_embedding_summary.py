import json

import numpy as np
import pytest

from imgcls.evaluation.embedding_summary import EmbeddingSummary
from tests.evaluation.observed import drawn_table


@pytest.fixture
def table():
    return drawn_table(200, seed=0, dimension=300)


def test_an_image_of_another_kind_is_farther_from_every_class(table):
    summary = EmbeddingSummary.of(table.embeddings, table.targets)
    other = drawn_table(50, seed=1, dimension=300, moved=3.0)
    assert summary.distance(other.embeddings).min() > np.median(summary.distance(table.embeddings))


def test_the_distance_is_that_to_the_nearest_class():
    embeddings = np.array([[0.0, 0], [0, 2], [10, 0], [10, 2]])
    targets = np.repeat(np.eye(2, dtype=bool), 2, axis=0)
    summary = EmbeddingSummary.of(embeddings, targets)
    np.testing.assert_allclose(summary.distance(embeddings), np.sqrt(1 / 2), rtol=1e-3)


def test_a_summary_is_small_and_read_as_it_was(table):
    summary = EmbeddingSummary.of(table.embeddings, table.targets)
    text = json.dumps(summary.to_dict())
    assert len(text) < 5_000
    again = EmbeddingSummary.from_dict(json.loads(text))
    np.testing.assert_array_equal(again.distance(table.embeddings), summary.distance(table.embeddings))
    np.testing.assert_array_equal(again.coordinates(table.embeddings), summary.coordinates(table.embeddings))


def test_of_very_many_classes_the_middle_of_all_is_kept():
    random = np.random.default_rng(0)
    summary = EmbeddingSummary.of(random.normal(size=(500, 8)), np.eye(500, dtype=bool))
    assert summary.middles.shape == (1, 8)


def test_embeddings_that_are_all_alike_have_no_distance():
    summary = EmbeddingSummary.of(np.ones((6, 3)), np.ones((6, 1), bool))
    assert summary.distance(np.ones((2, 3))).tolist() == [0, 0]
