"""The table of metrics, against scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics

from imgcls.metrics import METRICS, Predictions, measure

CLASSES = 8


def logits_and_labels(images: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, images)
    return (generator.normal(size=(images, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]).astype(np.float32), labels


THEIRS = {
    "accuracy": lambda labels, p: metrics.accuracy_score(labels, p.argmax(1)),
    "balanced_accuracy": lambda labels, p: metrics.balanced_accuracy_score(labels, p.argmax(1)),
    "macro_f1": lambda labels, p: metrics.f1_score(labels, p.argmax(1), average="macro"),
    "top_5_accuracy": lambda labels, p: metrics.top_k_accuracy_score(labels, p, k=5),
    "loss": metrics.log_loss,
}


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_that_of_scikit_learn_from_logits_and_from_probabilities(name):
    logits, labels = logits_and_labels()
    found = Predictions.from_logits(labels, logits)
    probabilities = np.exp(found.log_probabilities)
    expected = THEIRS[name](labels, probabilities)
    assert measure(found)[name] == pytest.approx(expected)
    assert measure(Predictions.from_probabilities(labels, probabilities))[name] == pytest.approx(expected)


def test_a_class_without_images_counts_for_nothing():
    logits, labels = logits_and_labels()
    labels[labels == 3] = 4
    found = measure(Predictions.from_logits(labels, logits))
    expected = metrics.recall_score(
        labels, logits.argmax(1), labels=sorted(set(labels)), average="macro", zero_division=0
    )
    assert found["balanced_accuracy"] == pytest.approx(expected)


def test_the_rank_of_the_better_value_is_higher():
    for metric in METRICS.values():
        assert metric.rank(metric.rank(0.3)) == 0.3
        assert (metric.rank(0.9) > metric.rank(0.3)) == metric.higher_is_better


def test_the_table_is_imported_without_numpy():
    code = "import sys, imgcls.metrics; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
