"""How many test images a lower precision names rightly, and from which loss on it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from imgcls.engines.engine import DECISION, PROBABILITIES, Engine
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
    assert found == {"a": AccuracyLoss(4, 2, 1, 1, 2), "b": AccuracyLoss(4, 0, 3, 0, 3)}
    assert pixels.shape == (4, 28, 28, 1)


class DecidingEngine(FixedEngine):
    """Names what it was given, and refuses the others."""

    outputs = (PROBABILITIES, DECISION)

    def __init__(self, classes, decisions):
        super().__init__(classes)
        self.decisions = np.array(decisions)

    def predict(self, pixels):
        return {**super().predict(pixels), DECISION: self.decisions[: len(pixels)]}


def test_with_a_judgement_it_is_the_decision_that_is_another_one(classifier, images):
    """10 is "not sure", and 11 "none of these"."""
    float32 = DecidingEngine([0, 1, 2, 3], [0, 1, 10, 11])
    others = {
        "same": DecidingEngine([0, 1, 9, 9], [0, 1, 10, 11]),
        "other": DecidingEngine([0, 1, 2, 3], [0, 10, 2, 3]),
    }
    labelled = LabelledImages(images[:4], np.eye(10, dtype=bool)[:4])
    found, _ = compare_accuracy(float32, others, labelled, exported(classifier))
    assert {name: (loss.loss, loss.other_decisions) for name, loss in found.items()} == {
        "same": (0.5, 0),
        "other": (0, 3),
    }


def test_with_several_classes_an_image_another_class_more_is_another_decision(classifier, images):
    class Both(FixedEngine):
        def predict(self, pixels):
            return {PROBABILITIES: super().predict(pixels)[PROBABILITIES] + np.eye(10, dtype=np.float32)[9]}

    labelled = LabelledImages(images[:4], np.eye(10, dtype=bool)[:4])
    several = replace(exported(classifier), multi_label=True)
    found, _ = compare_accuracy(FixedEngine([0, 1, 2, 9]), {"both": Both([0, 1, 2, 9])}, labelled, several)
    assert found["both"].other_decisions == 3


def test_nothing_readable(classifier, tmp_path):
    with pytest.raises(ValueError, match="None of 1 test image can be read"):
        compare_accuracy(
            FixedEngine([0]), {}, LabelledImages([tmp_path / "a.png"], np.ones((1, 10))), exported(classifier)
        )


def test_the_interval_covers_the_loss_in_95_of_100_draws():
    random, covered = np.random.default_rng(0), 0
    for lost, won, both, _ in random.multinomial(300, [0.05, 0.02, 0.8, 0.13], 2000):
        low, high = AccuracyLoss(300, both, lost, won, lost + won).interval
        covered += low <= 0.03 <= high
    assert 0.935 <= covered / 2000 <= 0.975


def test_a_loss_is_refused_with_both_figures_and_the_interval():
    AccuracyLoss(200, 180, 4, 2, 6).check("ONNX in int8", 0.01)
    expected = (
        r"ONNX in int8 names 0\.910 of 200 test images rightly, and float32 0\.930: it loses 0\.020 \(95 % interval "
        r"-0\.00\d to 0\.04\d\), and --most-accuracy-loss allows 0\.01\."
    )
    with pytest.raises(RuntimeError, match=expected):
        AccuracyLoss(200, 180, 6, 2, 8).check("ONNX in int8", 0.01)
    with pytest.raises(RuntimeError, match=r"--most-accuracy-loss allows 0\.0001\. The bundle"):
        AccuracyLoss(200, 180, 6, 2, 8).check("ONNX in int8", 0.0001)
