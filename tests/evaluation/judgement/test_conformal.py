import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.judgement.calibration import temperature_of, with_temperature
from imgcls.evaluation.judgement.conformal import ALL, ConformalSets, _drawn, conformal_quantile, fit_sets, measure_sets
from imgcls.evaluation.judgement.conformal_section import conformal_section, conformal_steps
from tests.evaluation.judged_tables import drawn, drawn_of_several, table_of

METHODS = ("lac", "aps", "raps", "class_conditional", "auto")


@pytest.mark.parametrize(
    "method", ["lac", *(pytest.param(name, marks=pytest.mark.slow) for name in METHODS[1:-1]), "auto"]
)
def test_the_coverage_is_where_it_is_expected_in_nearly_all_divisions(method):
    """The temperature is fitted to the same images as the sets, and "auto" chooses among them, as a run does."""
    pool = drawn(1500, sure=2.0)
    within, found = [], []
    for seed in range(100):
        order = np.random.default_rng(seed).permutation(len(pool))
        validation, test = pool.take(order[:500]), pool.take(order[500:])
        temperature, _ = temperature_of(validation)
        sets = fit_sets(with_temperature(validation, temperature), 0.9, method)
        figures = measure_sets(with_temperature(test, temperature), sets)
        low, high = figures.expected
        within.append(low <= figures.coverage <= high)
        found.append(figures.coverage)
    assert sum(within) >= 90
    assert 0.89 < np.mean(found) < 0.93


@pytest.mark.parametrize("method", METHODS)
def test_the_same_image_always_gets_the_same_set_and_never_an_empty_one(method):
    table = drawn(400)
    sets = fit_sets(table, 0.7, method)
    whole = sets.apply(table.probabilities)
    assert whole.any(axis=1).all()
    for place in (0, 17, 399):
        assert sets.apply(table.probabilities[[place]])[0].tolist() == whole[place].tolist()
    assert whole[np.arange(400), table.predicted].all() or method == "class_conditional"


def test_each_score_is_that_of_its_paper():
    probabilities = np.array([[0.1, 0.6, 0.3]])
    for method, expected in (("lac", [0.9, 0.4, 0.7]), ("aps", [0.9, 0.0, 0.6]), ("raps", [1.1, 0.0, 0.7])):
        sets = ConformalSets(method, 0.9, np.ones(3, np.float32), penalty=0.1, free_classes=1)
        np.testing.assert_allclose(sets.scores(probabilities)[0], expected, atol=1e-6)


def test_the_quantile_is_the_rank_of_finite_samples():
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))
    assert conformal_quantile(scores, 0.9) == pytest.approx(90)  # (99 + 1) * 0.9
    assert conformal_quantile(scores[:9], 0.9) == pytest.approx(scores[:9].max())
    assert conformal_quantile(scores[:8], 0.9) == ALL
    assert conformal_quantile(scores[:0], 0.9) == ALL


def test_auto_has_no_larger_sets_than_any_method():
    validation, test = drawn(3000), drawn(3000, seed=1)
    sizes = {method: measure_sets(test, fit_sets(validation, 0.9, method)).size for method in METHODS}
    assert sizes["auto"] <= min(sizes["lac"], sizes["aps"], sizes["raps"]) + 0.05


def test_what_is_chosen_is_calibrated_on_other_images_and_groups_stay_whole():
    table = drawn(400)
    assert fit_sets(table, 0.9, "lac").images == 400
    assert 270 <= fit_sets(table, 0.9).images <= 290
    groups = [f"patient {place // 20}" for place in range(400)]
    grouped = dataclasses.replace(table, rows=table.rows.assign(group=groups))
    drawn_of = pd.Series(_drawn(grouped, 0.3)).groupby(groups).nunique()
    assert drawn_of.max() == 1
    assert np.array_equal(_drawn(grouped, 0.3), _drawn(grouped, 0.3))
    one_group = dataclasses.replace(table, rows=table.rows.assign(group="all"))
    assert 0 < _drawn(one_group, 0.3).sum() < 400


def test_a_coverage_of_each_class_is_kept_where_that_of_all_is_not():
    random = np.random.default_rng(0)

    def hard_class(images, seed):
        table = drawn(images, seed=seed, spread=4.0)
        logits = table.logits.copy()
        logits[table.labels == 0] = random.normal(0, 1, (int((table.labels == 0).sum()), 5))
        return table_of(logits, table.labels)

    validation, test = hard_class(3000, 1), hard_class(3000, 2)
    plain, own = (measure_sets(test, fit_sets(validation, 0.9, method)) for method in ("lac", "class_conditional"))
    assert plain.classes[0].covered / plain.classes[0].images < 0.8
    assert own.classes[0].covered / own.classes[0].images > 0.86
    (step,) = conformal_steps(test, fit_sets(validation, 0.9, "lac"), "runs/a")
    assert step.command == "python -m imgcls.calibrate runs/a --sets class_conditional"


def test_too_few_images_make_full_sets_and_say_so():
    for table in (drawn(0), drawn(5), drawn(49)):
        sets = fit_sets(table, 0.9)
        assert sets.apply(np.full((3, 5), 0.2)).all()
        assert "too few for prediction sets of 90 %" in sets.notes[0]
    assert fit_sets(drawn(60), 0.99).apply(np.full((3, 5), 0.2)).all()


def test_a_class_that_is_missing_in_validation_is_in_every_set_of_its_own_kind():
    table = drawn(400)
    without = table.take(table.labels != 2)
    sets = fit_sets(without, 0.9, "class_conditional")
    assert sets.apply(np.array([[0.99, 0.01, 0.0, 0.0, 0.0]]))[0].tolist() == [True, False, True, False, False]
    assert "Of 'class 2' there are too few images" in sets.notes[0]


def test_what_cannot_be_is_refused():
    for coverage in (0, 1, 90):
        with pytest.raises(ValueError, match="expected a share such as"):
            fit_sets(drawn(60), coverage)
    with pytest.raises(ValueError, match="expected one of auto, lac, aps"):
        fit_sets(drawn(60), 0.9, "rasp")


def test_of_several_classes_the_set_is_those_that_reach_their_thresholds():
    table = drawn_of_several(200)
    thresholds = np.array([0.3, 0.5, 0.7, 0.9], np.float32)
    sets = ConformalSets.of_thresholds(thresholds)
    found = sets.apply(table.probabilities)
    assert np.array_equal(found, table.probabilities >= thresholds)
    assert not found.any(axis=1).all()
    section = conformal_section(table, sets)
    assert "and none for" in section.sentences[1]
    assert conformal_steps(table, sets) == []


def test_the_report_says_how_often_they_are_right_and_how_large_they_are():
    validation, test = drawn(500), drawn(500, seed=1)
    sets = fit_sets(validation)
    figures = measure_sets(test, sets)
    section = conformal_section(test, sets)
    assert f"{100 * figures.coverage:.1f} %" in section.sentences[0]
    assert f"{figures.size:.2f} classes on average" in section.sentences[1]
    assert len(section.table.rows) == 5
    assert section.charts[0].svg.startswith("<svg")
    assert sum(figures.sizes) == 500
    json.dumps([figures.to_dict(), sets.to_dict()])
    assert "too few images" in conformal_section(drawn(5), sets).sentences[0]
    assert conformal_steps(drawn(5), sets) == []
    assert measure_sets(drawn(0), sets) is None


def test_sets_that_break_their_promise_are_said():
    wrong = dataclasses.replace(fit_sets(drawn(500)), quantiles=np.full(5, 0.1, np.float32))
    assert "of the same kind as those of validation" in conformal_steps(drawn(500, seed=1), wrong)[0].what
