import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from imgcls.evaluation.metrics import Evaluation, evaluate_predictions, evaluate_table
from imgcls.evaluation.prediction_table import PredictionTable

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


def table(true, probabilities, groups=None, **facts) -> PredictionTable:
    rows = pd.DataFrame({"image": [f"{i}.png" for i in range(len(true))]})
    if true.ndim == 2:
        rows["labels"] = [[NAMES[i] for i in np.flatnonzero(row)] for row in true]
        rows["label"] = [names[0] if names else "" for names in rows["labels"]]
    else:
        rows["label"] = [NAMES[i] for i in true]
    rows["group"] = "" if groups is None else groups
    return PredictionTable(rows, NAMES, probabilities, facts=facts)


def test_a_table_is_evaluated_as_its_labels_and_probabilities_are():
    true, probabilities = predictions()
    assert evaluate_table(table(true, probabilities)) == evaluate_predictions(
        [NAMES[i] for i in true], probabilities, NAMES
    )


def test_each_class_has_the_areas_of_scikit_learn():
    true, probabilities = predictions()
    found = evaluate_table(table(true, probabilities))
    targets = np.eye(4)[true]
    expected = metrics.average_precision_score(targets, probabilities, average=None)
    assert [c.average_precision for c in found.classes] == pytest.approx(list(expected))
    assert [c.roc_area for c in found.classes] == pytest.approx(
        list(metrics.roc_auc_score(targets, probabilities, average=None))
    )
    low, high = found.classes[0].intervals["roc_area"]
    assert low < found.classes[0].roc_area < high


def test_groups_make_the_intervals_wider():
    true, probabilities = predictions()
    groups = [f"patient {i}" for i in true]  # as unlike as classes are
    alone, together = (evaluate_table(table(true, probabilities, some)) for some in (None, groups))
    assert (alone.groups, together.groups) == (0, 4)
    assert together.accuracy_high - together.accuracy_low > alone.accuracy_high - alone.accuracy_low


def test_images_of_several_classes_are_judged_at_one_half():
    generator = np.random.default_rng(0)
    true = generator.random((200, 4)) < 0.4
    probabilities = np.clip(0.5 * true + generator.random((200, 4)) * 0.6, 0, 1)
    found = evaluate_table(table(true, probabilities, multi_label=True))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, probabilities >= 0.5)
    assert [c.precision for c in found.classes] == pytest.approx(list(precision))
    assert [c.recall for c in found.classes] == pytest.approx(list(recall))
    assert [c.f1 for c in found.classes] == pytest.approx(list(f1))
    assert [c.support for c in found.classes] == list(support)
    assert np.array_equal(found.confusion, metrics.multilabel_confusion_matrix(true, probabilities >= 0.5))
    assert found.multi_label
    assert "cohen_kappa" not in found.metrics
    assert Evaluation.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_the_figures_are_the_same_once_they_are_written_and_read():
    true, probabilities = predictions()
    found = evaluate_table(table(true, probabilities))
    assert Evaluation.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_the_figures_of_an_earlier_version_are_read():
    true, probabilities = predictions()
    written = json.loads(json.dumps(evaluate_table(table(true, probabilities)).to_dict()))
    for name in ("intervals", "groups", "multi_label", "macro_roc_area", "brier_score"):
        del written[name]
    for row in written["classes"]:
        for name in ("average_precision", "roc_area", "intervals"):
            del row[name]
    found = Evaluation.from_dict(written)
    assert found.accuracy == written["accuracy"]
    assert "Brier score" not in [metric.title for metric, _ in found.shown_metrics()]


@pytest.mark.filterwarnings("error")
def test_five_images_of_one_class_say_only_what_they_can():
    found = evaluate_predictions(["ant"] * 5, np.tile([[0.9, 0.1]], (5, 1)), ["ant", "bee"])
    assert (found.accuracy, found.accuracy_high) == (1.0, 1.0)
    assert found.accuracy_low == pytest.approx(0.566, abs=1e-3)
    assert found.metrics["cohen_kappa"] is found.metrics["macro_roc_area"] is None
    assert found.classes[1].precision is found.classes[1].roc_area is None
    json.dumps(found.to_dict(), allow_nan=False)


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
