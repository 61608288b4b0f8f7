"""The table of metrics, against scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics

from imgcls.metrics import METRICS, Predictions, measure, measure_validation, metric_for, metrics_of

CLASSES = 8


def logits_and_labels(images: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, images)
    return (generator.normal(size=(images, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]).astype(np.float32), labels


def logits_and_several_labels(images: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    labels = generator.random((images, CLASSES)) < np.linspace(0.1, 0.6, CLASSES)
    return generator.normal(size=(images, CLASSES)) + 2.0 * labels - 1.0, labels


THEIRS = {
    "accuracy": lambda labels, p: metrics.accuracy_score(labels, p.argmax(1)),
    "balanced_accuracy": lambda labels, p: metrics.balanced_accuracy_score(labels, p.argmax(1)),
    "macro_precision": lambda labels, p: metrics.precision_score(labels, p.argmax(1), average="macro"),
    "macro_f1": lambda labels, p: metrics.f1_score(labels, p.argmax(1), average="macro"),
    "top_5_accuracy": lambda labels, p: metrics.top_k_accuracy_score(labels, p, k=5),
    "macro_average_precision": metrics.average_precision_score,
    "macro_roc_area": lambda labels, p: metrics.roc_auc_score(labels, p, multi_class="ovr"),
    "cohen_kappa": lambda labels, p: metrics.cohen_kappa_score(labels, p.argmax(1)),
    "matthews_coefficient": lambda labels, p: metrics.matthews_corrcoef(labels, p.argmax(1)),
    "loss": metrics.log_loss,
    "brier_score": metrics.brier_score_loss,
}
THEIRS_OF_SEVERAL = {
    "accuracy": lambda labels, p: metrics.accuracy_score(labels, p >= 0.5),
    "macro_precision": lambda labels, p: metrics.precision_score(labels, p >= 0.5, average="macro"),
    "macro_recall": lambda labels, p: metrics.recall_score(labels, p >= 0.5, average="macro"),
    "macro_f1": lambda labels, p: metrics.f1_score(labels, p >= 0.5, average="macro"),
    "micro_f1": lambda labels, p: metrics.f1_score(labels, p >= 0.5, average="micro"),
    "hamming_loss": lambda labels, p: metrics.hamming_loss(labels, p >= 0.5),
    "macro_average_precision": metrics.average_precision_score,
    "macro_roc_area": metrics.roc_auc_score,
    "loss": lambda labels, p: np.mean([metrics.log_loss(labels[:, i], p[:, i]) for i in range(CLASSES)]),
    "brier_score": lambda labels, p: np.mean([metrics.brier_score_loss(labels[:, i], p[:, i]) for i in range(CLASSES)]),
}


@pytest.mark.parametrize("name", [metric.name for metric in metrics_of("single_label")])
def test_each_metric_is_that_of_scikit_learn_from_logits_and_from_probabilities(name):
    logits, labels = logits_and_labels()
    found = Predictions.from_logits(labels, logits)
    probabilities = np.exp(found.log_probabilities)
    expected = THEIRS[name](labels, probabilities)
    assert measure(found)[name] == pytest.approx(expected)
    assert measure(Predictions.from_probabilities(labels, probabilities))[name] == pytest.approx(expected)


@pytest.mark.parametrize("name", [metric.name for metric in metrics_of("multi_label")])
def test_each_metric_of_several_labels_is_that_of_scikit_learn(name):
    logits, labels = logits_and_several_labels()
    found = Predictions.from_logits(labels, logits)
    probabilities = 1 / (1 + np.exp(-logits))
    expected = THEIRS_OF_SEVERAL[name](labels, probabilities)
    assert measure(found)[name] == pytest.approx(expected)
    assert measure(Predictions.from_probabilities(labels, probabilities))[name] == pytest.approx(expected)


def test_equal_probabilities_are_ranked_as_scikit_learn_ranks_them():
    probabilities = np.random.default_rng(0).choice([0.1, 0.2, 0.3, 0.4], (200, CLASSES))
    _, labels = logits_and_labels()
    found = Predictions.from_probabilities(labels, probabilities)
    targets = np.eye(CLASSES)[labels]
    assert found.average_precisions == pytest.approx(
        metrics.average_precision_score(targets, probabilities, average=None)
    )
    assert found.roc_areas == pytest.approx(metrics.roc_auc_score(targets, probabilities, average=None))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_what_each_image_has_makes_the_metric(metric):
    single, several = (
        Predictions.from_logits(labels, logits) for logits, labels in (logits_and_labels(), logits_and_several_labels())
    )
    for predictions in (single, several):
        if metric.of_images and predictions.task in metric.tasks:
            assert metric.of_images(predictions).mean() == pytest.approx(metric.function(predictions))


def test_a_class_without_images_counts_for_nothing():
    logits, labels = logits_and_labels()
    labels[labels == 3] = 4
    found = measure(Predictions.from_logits(labels, logits))
    expected = metrics.recall_score(
        labels, logits.argmax(1), labels=sorted(set(labels)), average="macro", zero_division=0
    )
    assert found["balanced_accuracy"] == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
def test_what_one_class_or_no_label_cannot_say_is_none():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    one = Predictions.from_probabilities(np.array([0, 0]), probabilities)
    unknown = {"macro_roc_area", "cohen_kappa", "matthews_coefficient"}
    assert {name for name, value in measure(one).items() if value is None} == unknown
    none = Predictions.from_probabilities(np.zeros((2, 2), bool), probabilities / 2)
    unknown = {"macro_precision", "macro_recall", "macro_f1", "micro_f1", "macro_average_precision", "macro_roc_area"}
    assert {name for name, value in measure(none).items() if value is None} == unknown
    assert all(isinstance(value, float) for value in measure_validation(none).values())


def test_certain_logits_have_a_finite_loss():
    several = Predictions.from_logits(np.array([[True, False]]), np.array([[1e4, -1e4]]))
    assert measure(several)["loss"] == 0
    assert measure(Predictions.from_logits(np.array([[False]]), np.array([[1e4]])))["loss"] == pytest.approx(1e4)


def test_images_are_taken_as_often_as_they_are_named():
    for logits, labels in (logits_and_labels(), logits_and_several_labels()):
        taken = Predictions.from_logits(labels, logits).take(np.array([3, 3, 5, 7]))
        again = Predictions.from_logits(labels[[3, 3, 5, 7]], logits[[3, 3, 5, 7]])
        assert measure(taken) == measure(again)


def test_the_metric_that_chooses_the_epoch_is_one_for_the_task():
    assert metric_for("loss", "multi_label").name == "loss"
    with pytest.raises(ValueError, match=r"micro_f1 is no metric for images of one class\. Choose one of accuracy"):
        metric_for("micro_f1", "single_label")


def test_the_rank_of_the_better_value_is_higher():
    for metric in METRICS.values():
        assert metric.rank(metric.rank(0.3)) == 0.3
        assert (metric.rank(0.9) > metric.rank(0.3)) == metric.higher_is_better


def test_the_table_is_imported_without_numpy():
    code = "import sys, imgcls.metrics; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
