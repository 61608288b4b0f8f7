"""The learning curve: what it says of made-up features whose answer is known, and what it refuses to say."""

import numpy as np
import pytest

from imgcls.evaluation.learning_curve import DRAWS, SHARES, Features, _places, learning_curve, power_law
from imgcls.evaluation.learning_curve_section import learning_curve_steps

NAMES = ["ant", "bee", "cow"]


def features(count: int, seed: int, spread: float = 2.0, size: int = 30) -> Features:
    """Three classes in the first three of many directions; the more noise there is, the more images a head needs."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, count)
    centers = np.eye(3, size) * 4
    return Features(centers[labels] + spread * generator.normal(size=(count, size)), labels)


@pytest.fixture(scope="module")
def found():
    return learning_curve(features(400, 0), features(300, 1), NAMES)


def test_accuracy_is_measured_from_a_tenth_to_all_of_the_images(found):
    assert [point.images for point in found.points] == pytest.approx([400 * share for share in SHARES], abs=3)
    assert all(point.low <= point.accuracy <= point.high for point in found.points)
    assert found.points[-1].accuracy > found.points[0].accuracy


def test_what_twice_the_images_bring_is_foretold(found):
    gain = found.doubling
    truth = {n: learning_curve(features(n, 0), features(3000, 2), NAMES).points[-1].accuracy for n in (400, 800)}
    assert gain.low - 0.01 <= truth[800] - truth[400] <= gain.high + 0.01
    assert found.curve[-1][0] == 800
    assert [accuracy for _, accuracy in found.curve] == sorted(accuracy for _, accuracy in found.curve)


def test_each_class_has_its_gain_and_the_most_stands_first(found):
    assert {gain.name for gain in found.classes} == set(NAMES)
    values = [gain.value for gain in found.classes]
    assert values == sorted(values, reverse=True)


def test_the_same_seed_draws_the_same(found):
    again = learning_curve(features(400, 0), features(300, 1), NAMES)
    assert [point.images for point in again.points] == [point.images for point in found.points]
    assert again.points[0].accuracy == pytest.approx(found.points[0].accuracy, abs=0.01)


def test_classes_are_drawn_alike_and_groups_whole():
    some = features(600, 0)
    grouped = Features(some.values, some.labels, np.arange(600) // 4)
    for share in (0.1, 0.5):
        taken = _places(some, seed=3) < share
        assert np.bincount(some.labels[taken]) == pytest.approx(share * np.bincount(some.labels), abs=1)
        taken = _places(grouped, seed=3) < share
        assert all(len(set(part)) == 1 for part in taken.reshape(-1, 4))
        assert taken.mean() == pytest.approx(share, abs=0.02)


ONE_CLASS = Features(np.ones((400, 2)), np.zeros(400, int))
THREE_GROUPS = Features(np.ones((60, 30)), np.zeros(60, int), np.arange(60) // 20)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("training", "validation", "said"),
    [
        (features(30, 0), features(300, 1), "30 training images"),
        (features(400, 0), features(10, 1), "10 validation images"),
        (ONE_CLASS, features(300, 1), "one class only"),
        (features(400, 0), THREE_GROUPS, "3 groups"),
    ],
)
def test_too_little_is_said_in_words(training, validation, said):
    found = learning_curve(training, validation, NAMES)
    assert said in found.reason
    assert (found.points, found.doubling, found.classes) == ((), None, ())


@pytest.mark.filterwarnings("error")
def test_features_that_say_nothing_make_no_promise():
    generator = np.random.default_rng(0)
    nothing = [Features(generator.normal(size=(n, 5)), generator.integers(0, 3, n)) for n in (200, 60)]
    found = learning_curve(*nothing, NAMES)
    assert found.doubling is None or found.doubling.low < 0.001
    assert learning_curve_steps(found) == []


def test_all_right_from_the_first_image_on_gains_nothing():
    found = learning_curve(features(200, 0, spread=0.01), features(100, 1, spread=0.01), NAMES)
    assert found.points[-1].accuracy == 1
    assert found.doubling.value == pytest.approx(0, abs=1e-9)


def test_a_power_law_is_found_again():
    sizes = np.array([100.0, 200, 400, 800])
    errors = np.stack([0.05 + 3 * sizes**-0.7, np.full(4, 0.2), 0.3 + sizes * 1e-4])
    assert power_law(sizes, errors)(1600.0)[:2] == pytest.approx([0.05 + 3 * 1600**-0.7, 0.2], abs=1e-3)
    assert power_law(sizes, errors)(1600.0)[2] == pytest.approx(errors[2].mean())  # no error grows with the images


def test_progress_counts_the_heads():
    seen = []
    learning_curve(features(120, 0), features(60, 1), NAMES, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][1] == DRAWS * len(SHARES)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
