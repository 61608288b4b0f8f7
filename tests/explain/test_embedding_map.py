import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from imgcls.explain.embedding_map import LAYOUTS, embedding_map


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    vectors, labels = load_digits(return_X_y=True)
    return vectors[:count].astype(np.float32), labels[:count]


UMAP = pytest.param("umap", marks=pytest.mark.slow)  # whose first call compiles for 20 seconds


@pytest.mark.filterwarnings("ignore:n_jobs value")
@pytest.mark.parametrize("method", ["pca", "tsne", UMAP])
def test_images_of_a_class_lie_together_and_the_same_seed_gives_the_same_map(method):
    vectors, labels = digits(200)
    found = embedding_map(vectors, method, seed=3)
    assert found.coordinates.shape == (200, 2)
    distances = np.linalg.norm(found.coordinates[:, None] - found.coordinates[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    same = (labels[distances.argmin(1)] == labels).mean()
    assert same > {"pca": 0.4, "tsne": 0.85, "umap": 0.85}[method]
    assert 0.7 < found.trustworthiness <= 1
    np.testing.assert_array_equal(embedding_map(vectors, method, seed=3).coordinates, found.coordinates)


def test_pca_says_how_much_it_shows():
    flat = np.random.default_rng(0).normal(size=(50, 2)) @ np.random.default_rng(1).normal(size=(2, 30))
    found = embedding_map(flat, "pca")
    assert found.variance == pytest.approx(1)
    assert found.sentences == ("PCA shows 100 % of the variance of the embeddings.",)


def test_many_images_are_sampled_and_that_is_said():
    vectors, _ = digits(300)
    found = embedding_map(vectors, "pca", most_points=100)
    assert len(found.places) == len(set(found.places)) == 100
    assert found.sentences[0] == "The map shows a random sample: 100 of 300 images."
    np.testing.assert_array_equal(found.places, embedding_map(vectors, "tsne", most_points=100).places)


@pytest.mark.filterwarnings("ignore:n_jobs value")
@pytest.mark.parametrize("method", ["pca", "tsne", UMAP])
@pytest.mark.parametrize("vectors", [np.eye(3), np.ones((8, 4)), np.arange(5.0)[:, None]], ids=str)
def test_a_few_or_equal_embeddings_give_a_map_too(method, vectors):
    found = embedding_map(vectors, method)
    assert np.isfinite(found.coordinates).all()


def test_what_is_no_layout_and_what_gives_no_map_is_said():
    with pytest.raises(ValueError, match=r"Unknown layout 't-sne'.* Did you mean 'tsne'"):
        embedding_map(np.eye(9), "t-sne")
    with pytest.raises(ValueError, match=r"shape \(2, 9\) give no map"):
        embedding_map(np.eye(9)[:2])
    with pytest.raises(ValueError, match="no numbers"):
        embedding_map(np.full((9, 2), np.nan))
    assert list(LAYOUTS) == ["pca", "tsne", "umap"]


def test_without_umap_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ValueError, match=r"pip install 'imgcls\[umap\]'"):
        embedding_map(digits(50)[0], "umap")
