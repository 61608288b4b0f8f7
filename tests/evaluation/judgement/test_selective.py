import dataclasses
import json

import numpy as np
import pytest
from scipy.special import softmax

from imgcls.evaluation.judgement.risk_coverage import risk_coverage
from imgcls.evaluation.judgement.selective import Thresholds, answers, answers_of_class, fit_thresholds
from imgcls.evaluation.judgement.selective_section import selective_section, selective_steps
from tests.evaluation.judged_tables import drawn, drawn_of_several, table_of

MANY = drawn(50_000, seed=99)


def test_without_a_wish_it_answers_what_is_likelier_right_than_wrong():
    found = fit_thresholds(drawn(300))
    assert found.wish == "likelier_than_not"
    assert found.values.tolist() == [0.5] * 5
    good = drawn(300, spread=8.0)
    assert answers(good, fit_thresholds(good)).coverage > 0.95


@pytest.mark.parametrize("precision", [0.8, 0.9])
def test_a_promised_precision_holds_for_new_images_in_nearly_all_draws(precision):
    kept = []
    for seed in range(60):
        found = fit_thresholds(drawn(400, seed=seed), precision=precision)
        kept.append(answers(MANY, found).precision >= found.promised)
    assert sum(kept) >= 57


def test_more_images_promise_the_same_for_more_answers():
    shares = [answers(MANY, fit_thresholds(drawn(images), precision=0.8)).coverage for images in (200, 1000, 5000)]
    assert shares == sorted(shares)
    assert shares[2] > 0.4


def test_a_good_classifier_answers_everything():
    good = table_of(np.eye(4)[np.arange(400) % 4] * 9, np.arange(400) % 4)
    found = fit_thresholds(good, precision=0.98)
    assert found.promised == 0.98
    assert found.reached.coverage == 1.0


def test_a_precision_that_cannot_be_promised_is_said_and_the_best_is_taken():
    found = fit_thresholds(drawn(100), precision=0.99)
    assert found.wished == 0.99
    assert 0.5 < found.promised < 0.99
    assert "100 images in validation cannot promise that 99 %" in found.notes[0]
    assert found.reached.answered > 0


@pytest.mark.parametrize("each_class", [False, True])
def test_a_wished_share_of_answers_is_reached(each_class):
    found = fit_thresholds(drawn(500), coverage=0.8, each_class=each_class)
    assert 0.8 <= found.reached.coverage <= 0.82
    assert answers(MANY, found).coverage == pytest.approx(0.8, abs=0.05)
    if each_class:
        assert len(set(found.values.tolist())) == 5
        assert min(each.coverage for each in found.reached_of_class) >= 0.8


def test_the_wish_can_be_for_the_answers_of_each_class():
    validation = drawn(3000)
    found = fit_thresholds(validation, precision=0.75, each_class=True)
    assert found.promised == 0.75
    assert all(each.precision >= 0.75 for each in answers_of_class(MANY, found))
    assert sum(each.images for each in found.reached_of_class) == 3000


def test_images_of_equal_confidence_are_not_parted():
    logits = np.tile([2.0, 0.0], (100, 1))
    table = table_of(logits, np.repeat([0, 1], [70, 30]))
    for wish in ({"precision": 0.9}, {"coverage": 0.3}):
        assert fit_thresholds(table, **wish).reached.answered == 100


def test_too_few_images_and_one_class_answer_everything_and_say_so():
    one_class = table_of(np.random.default_rng(0).normal(size=(60, 3)), np.zeros(60, int))
    for table, why in ((drawn(5), "5 images in validation are too few"), (one_class, "are of one class")):
        found = fit_thresholds(table, precision=0.9)
        assert found.wish == "none"
        assert not found.values.any()
        assert why in found.notes[0]
    assert fit_thresholds(drawn(0)).reached is None


@pytest.mark.parametrize("wish", [{"precision": 0.9, "coverage": 0.9}, {"precision": 1.5}, {"coverage": -0.1}])
def test_wishes_that_cannot_be_are_refused(wish):
    with pytest.raises(ValueError, match="wished"):
        fit_thresholds(drawn(60), **wish)


def test_each_of_several_classes_has_the_threshold_of_its_best_f1():
    table = drawn_of_several(400)
    found = fit_thresholds(table)
    assert found.wish == "f1"

    def f1(k, threshold):
        said = table.probabilities[:, k] >= threshold
        return 2 * (said & table.targets[:, k]).sum() / (said.sum() + table.targets[:, k].sum())

    for k, value in enumerate(found.values):
        assert f1(k, value) >= max(f1(k, each) for each in table.probabilities[:, k]) - 1e-12


def test_several_classes_can_be_wished_right_or_found():
    table, many = drawn_of_several(2000), drawn_of_several(20_000, seed=1)
    precise = fit_thresholds(table, precision=0.8)
    assert precise.promised == 0.8
    assert all(each.precision >= 0.8 for each in answers_of_class(many, precise))
    found = fit_thresholds(table, coverage=0.9)
    said = many.probabilities >= found.values
    assert np.allclose((said & many.targets).sum(axis=0) / many.targets.sum(axis=0), 0.9, atol=0.03)


def test_a_rare_class_of_several_keeps_one_half():
    table = drawn_of_several(100)
    rows = table.rows.copy()
    rows["labels"] = [[name for name in labels if name != "class 2"] for labels in rows["labels"]]
    found = fit_thresholds(dataclasses.replace(table, rows=rows))
    assert found.values[2] == 0.5
    assert "'class 2'" in found.notes[0]


def test_the_curve_of_a_perfect_order_has_the_least_area():
    logits = np.array([[4.0, 0], [3, 0], [2, 0], [1, 0]])
    perfect, worst = table_of(logits, np.array([0, 0, 0, 1])), table_of(logits, np.array([1, 0, 0, 0]))
    curve = risk_coverage(perfect)
    assert curve.risk.tolist() == [0, 0, 0, 0.25]
    assert curve.area == curve.least_area == 0.0625
    assert risk_coverage(worst).area > curve.area
    json.dumps(curve.to_dict())


def test_the_curve_does_not_depend_on_the_order_of_equal_images():
    logits = np.tile([1.0, 0.0], (10, 1))
    labels = np.array([0, 1] * 5)
    assert risk_coverage(table_of(logits, labels)).area == risk_coverage(table_of(logits, labels[::-1])).area == 0.5


def test_the_report_shows_the_chosen_point_on_other_images():
    validation, test = drawn(500), drawn(500, seed=1)
    found = fit_thresholds(validation, precision=0.8)
    section = selective_section(test, found)
    assert "If it answers every image" in section.sentences[0]
    assert f"{answers(test, found)}" in section.sentences[1]
    assert f"{found.reached}" in section.sentences[2]
    assert len(section.table.rows) == 5
    assert section.charts[0].svg.startswith("<svg")
    json.dumps(found.to_dict())


def test_few_images_and_no_thresholds_are_no_error():
    assert "too few images" in selective_section(drawn(5)).sentences[0]
    assert selective_steps(drawn(5), Thresholds.none(5)) == []
    assert len(selective_section(drawn(60)).charts) == 1
    refused = Thresholds(np.full(5, 2.0, np.float32), "precision", 0.9)
    assert "none of 60 images is answered" in " ".join(selective_section(drawn(60), refused).sentences)
    assert selective_steps(drawn(60), refused)[0].command == "python -m imgcls.calibrate RUN --precision 0.9"


def test_what_to_do_where_too_many_answers_are_wrong():
    (step,) = selective_steps(drawn(500), fit_thresholds(drawn(500)), "runs/a")
    assert step.command == "python -m imgcls.calibrate runs/a --precision 0.95"
    broken = Thresholds(np.zeros(5, np.float32), "precision", 0.99)
    assert "Wished were 99 % right answers" in selective_steps(drawn(500), broken)[0].why


def test_the_decision_is_the_likeliest_and_not_one_that_is_sure_enough():
    found = Thresholds(np.array([0.9, 0.2], np.float32))
    chosen, sure = found.chosen(softmax([[1.0, 0.0]], axis=1))
    assert (chosen.tolist(), sure.tolist()) == ([0], [False])
    chosen, sure = found.chosen_of_several(np.array([[0.7, 0.3], [0.7, 0.1]]))
    assert sure.tolist() == [True, False]
    assert chosen[0] == 1
