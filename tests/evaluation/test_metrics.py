import numpy as np
import pytest
from sklearn import metrics

from imgcls.evaluation.metrics import evaluate_predictions, wilson_interval

NAMES = ["ant", "bee", "cow", "dog"]


def predictions(images: int = 300, seed: int = 0):
    generator = np.random.default_rng(seed)
    true = generator.integers(0, 4, images)
    scores = generator.normal(size=(images, 4)) + 1.5 * np.eye(4)[true]
    return true, np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


def test_the_figures_are_those_of_scikit_learn():
    true, probabilities = predictions()
    found = evaluate_predictions([NAMES[i] for i in true], probabilities, NAMES)
    taken = probabilities.argmax(1)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(true, taken))
    assert found.metrics["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, taken))
    assert found.metrics["loss"] == pytest.approx(metrics.log_loss(true, probabilities))
    assert found.metrics["macro_f1"] == pytest.approx(metrics.f1_score(true, taken, average="macro"))
    assert np.array_equal(found.confusion, metrics.confusion_matrix(true, taken))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, taken)
    assert [c.precision for c in found.classes] == pytest.approx(precision)
    assert [c.recall for c in found.classes] == pytest.approx(recall)
    assert [c.f1 for c in found.classes] == pytest.approx(f1)
    assert [c.support for c in found.classes] == list(support)


def test_a_split_that_lacks_a_class_is_scored_by_name():
    true, probabilities = predictions()
    keep = true != 1
    found = evaluate_predictions([NAMES[i] for i in true[keep]], probabilities[keep], NAMES)
    assert found.classes[1].support == 0
    assert found.classes[1].recall is None
    assert found.accuracy == pytest.approx((probabilities[keep].argmax(1) == true[keep]).mean())
    expected = metrics.recall_score(true[keep], probabilities[keep].argmax(1), labels=[0, 2, 3], average="macro")
    assert found.metrics["balanced_accuracy"] == pytest.approx(expected)


def test_certain_and_wrong_is_finite():
    found = evaluate_predictions(["ant"], np.array([[0.0, 1.0]]), ["ant", "bee"])
    assert 30 < found.metrics["loss"] < 40


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilson_gives_the_published_intervals(right, total, low, high):
    # Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion, 2001, formula (4).
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        ([], np.empty((0, 2)), "no predictions"),
        (["ant"], np.ones((2, 2)), "shape"),
        (["cow"], np.ones((1, 2)), "'cow'"),
    ],
)
def test_what_cannot_be_judged_is_refused(labels, probabilities, said):
    with pytest.raises(ValueError, match=said):
        evaluate_predictions(labels, probabilities, ["ant", "bee"])
