import numpy as np
import pytest

from imgcls.evaluation.label_errors import NOBODY, find_label_errors

NAMES = ["cat", "dog", "owl"]


def a_classifier(count: int = 300, wrong: int = 15, seed: int = 0):
    """Labels of which some are wrong, probabilities of a classifier that is right, and which are wrong."""
    rng = np.random.default_rng(seed)
    right = np.arange(count) % 3
    scores = rng.normal(size=(count, 3)) + 3 * np.eye(3)[right]
    changed = rng.choice(count, wrong, replace=False)
    labels = right.copy()
    labels[changed] = (labels[changed] + 1) % 3
    return labels, np.exp(scores) / np.exp(scores).sum(1, keepdims=True), np.isin(np.arange(count), changed)


def test_wrong_labels_stand_at_the_head_of_the_queue():
    labels, probabilities, wrong = a_classifier()
    errors = find_label_errors(labels, probabilities, NAMES)
    assert wrong[errors.order[:30]].sum() >= 14
    assert errors.looks_wrong[wrong].mean() > 10 * errors.looks_wrong[~wrong].mean()
    estimate, low, high = errors.share()
    assert low < estimate < high
    assert estimate == errors.looks_wrong.mean()
    assert sum(count for *_, count in errors.pairs()) == errors.looks_wrong.sum()


def test_labels_that_must_not_be_learned_from_change_nothing():
    labels, probabilities, _ = a_classifier()
    known = np.arange(300) < 200
    one = find_label_errors(labels, probabilities, NAMES, known)
    other = find_label_errors(np.where(known, labels, 2 - labels), probabilities, NAMES, known)
    np.testing.assert_array_equal(one.thresholds, other.thresholds)
    np.testing.assert_array_equal(one.looks_wrong[known], other.looks_wrong[known])


def test_of_few_images_no_share_is_made_up():
    labels, probabilities, _ = a_classifier()
    assert find_label_errors(labels[:40], probabilities[:40], NAMES).share() is None


def test_what_is_not_judged_is_in_no_queue_and_in_no_count():
    labels, probabilities, wrong = a_classifier()
    errors = find_label_errors(labels, probabilities, NAMES, judged=~wrong)
    assert not wrong[errors.order].any()
    assert not errors.looks_wrong[wrong].any()


def test_no_image_is_taken_for_a_class_without_images():
    labels, probabilities, _ = a_classifier()
    errors = find_label_errors(np.where(labels == 2, 1, labels), probabilities, NAMES)
    assert not (errors.confident == 2).any()


def test_an_image_of_which_the_classifier_is_not_sure_is_nobodys():
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    errors = find_label_errors(np.array([0, 1, 1]), probabilities, ["a", "b"])
    assert errors.confident.tolist() == [0, 1, NOBODY]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_is_that_of_the_labels_probability(seed):
    labels, probabilities, _ = a_classifier(seed=seed)
    errors = find_label_errors(labels, probabilities, NAMES)
    assert (np.diff(probabilities[errors.order, labels[errors.order]]) >= 0).all()
