import numpy as np
import pytest

from imgcls.evaluation.label_queue import entropy_share, label_queue


def images(seed: int = 0):
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(60, 16)).astype(np.float32)
    probabilities = rng.dirichlet(np.ones(4), 60)
    return probabilities, embeddings


def test_copies_do_not_fill_the_queue():
    probabilities, embeddings = images()
    embeddings[:20], probabilities[:20] = embeddings[0], [0.25, 0.25, 0.25, 0.25]  # the most doubtful image, 20 times
    chosen = label_queue(probabilities, embeddings, 30).places
    assert (chosen < 20).sum() == 1
    by_doubt = label_queue(probabilities, None, 30).places
    assert (by_doubt < 20).sum() == 20


def test_the_most_doubtful_image_is_the_first_and_none_comes_twice():
    probabilities, embeddings = images()
    queue = label_queue(probabilities, embeddings, 100)
    assert queue.places[0] == entropy_share(probabilities).argmax()
    assert sorted(queue.places.tolist()) == list(range(60))
    assert (queue.variety >= 0).all()
    np.testing.assert_array_equal(queue.places, label_queue(probabilities, embeddings, 100).places)


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_doubt_is_between_nothing_and_all(classes):
    same = np.full((1, classes), 1 / classes)
    assert entropy_share(same)[0] == pytest.approx(0.0 if classes == 1 else 1.0)
    assert entropy_share(np.eye(classes)[:1])[0] == 0.0


def test_a_queue_of_nothing_is_empty():
    assert len(label_queue(np.zeros((0, 3)), np.zeros((0, 4)), 5).places) == 0
