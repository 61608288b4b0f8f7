"""How many test images a lower precision names rightly, and from which loss on it is refused."""

import numpy as np
import pytest

from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.serving.accuracy_loss import AccuracyLoss, LabelledImages, compare_accuracy
from tests.serving.conftest import exported


class FixedEngine(Engine):
    """Names the first images by what it was given."""

    name, device, outputs = "Fixed", "CPU", (PROBABILITIES,)

    def __init__(self, classes):
        self.classes = classes

    def predict(self, pixels):
        return {PROBABILITIES: np.eye(10, dtype=np.float32)[self.classes[: len(pixels)]]}


def test_images_are_counted_by_who_names_them_rightly(classifier, images, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    paths, targets = [*images[:4], tmp_path / "broken.png"], np.eye(10, dtype=bool)[[0, 1, 2, 3, 4]]
    others = {"a": FixedEngine([0, 1, 9, 3]), "b": FixedEngine([9, 9, 9, 9])}
    found, pixels = compare_accuracy(
        FixedEngine([0, 1, 2, 9]), others, LabelledImages(paths, targets), exported(classifier)
    )
    assert found == {"a": AccuracyLoss(4, 2, 1, 1), "b": AccuracyLoss(4, 0, 3, 0)}
    assert pixels.shape == (4, 28, 28, 1)


def test_nothing_readable(classifier, tmp_path):
    with pytest.raises(ValueError, match="None of 1 test image can be read"):
        compare_accuracy(
            FixedEngine([0]), {}, LabelledImages([tmp_path / "a.png"], np.ones((1, 10))), exported(classifier)
        )


def test_the_interval_covers_the_loss_in_95_of_100_draws():
    random, covered = np.random.default_rng(0), 0
    for lost, won, both, _ in random.multinomial(300, [0.05, 0.02, 0.8, 0.13], 2000):
        low, high = AccuracyLoss(300, both, lost, won).interval
        covered += low <= 0.03 <= high
    assert 0.935 <= covered / 2000 <= 0.975


def test_a_loss_is_refused_with_both_figures_and_the_interval():
    AccuracyLoss(200, 180, 4, 2).check("ONNX in int8", 0.01)
    expected = (
        r"ONNX in int8 names 0\.910 of 200 test images rightly, and float32 0\.930: it loses 0\.020 \(95 % interval "
        r"-0\.00\d to 0\.04\d\), and --most-accuracy-loss allows 0\.010\."
    )
    with pytest.raises(RuntimeError, match=expected):
        AccuracyLoss(200, 180, 6, 2).check("ONNX in int8", 0.01)
