import dataclasses
import json

import numpy as np
import pytest

from imgcls.evaluation.judgement.calibration import (
    expected_calibration_error,
    fit_temperature,
    log_loss,
    measure_calibration,
    measure_reliability,
    temperature_of,
    truth,
    with_temperature,
)
from imgcls.evaluation.judgement.calibration_section import calibration_section, calibration_steps
from tests.evaluation.judged_tables import drawn, drawn_of_several, table_of


@pytest.mark.parametrize("make", [drawn, drawn_of_several])
@pytest.mark.parametrize("sure", [0.5, 1.0, 3.0])
def test_a_classifier_that_is_too_sure_is_divided_by_as_much(make, sure):
    table = make(4000, sure=sure)
    assert fit_temperature(table.logits, truth(table)) == pytest.approx(sure, rel=0.08)


def test_no_temperature_of_a_fine_grid_has_a_lower_loss():
    table = drawn(300, sure=2.0)
    losses = [log_loss(table.logits / each, table.labels) for each in np.geomspace(0.05, 20, 2000)]
    assert log_loss(table.logits / fit_temperature(table.logits, table.labels), table.labels) <= min(losses) + 1e-9


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("make", [drawn, drawn_of_several])
def test_the_loss_on_validation_is_never_higher_than_before(make, seed):
    random = np.random.default_rng(seed)
    table = make(int(random.integers(1, 80)), seed=seed, sure=float(random.choice([1e-6, 0.1, 1.0, 30.0, 1e4])))
    labels = truth(table)
    assert log_loss(table.logits / fit_temperature(table.logits, labels), labels) <= log_loss(table.logits, labels)


def test_what_no_temperature_can_be_fitted_to_keeps_1_and_says_why():
    few, one_class = drawn(49), table_of(np.random.default_rng(0).normal(size=(60, 3)), np.zeros(60, int))
    right = table_of(np.eye(3)[np.arange(60) % 3] * 0.1, np.arange(60) % 3)
    for table, why in ((few, "49 images"), (one_class, "of one class"), (right, "Every image in validation is right")):
        temperature, sentence = temperature_of(table)
        assert temperature == 1.0
        assert why in sentence
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1.0
    assert fit_temperature(np.zeros((9, 3)), np.arange(9) % 3) == 1.0


def test_a_table_without_logits_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="There are no logits"):
        temperature_of(dataclasses.replace(drawn(60), logits=None))


def test_the_error_is_the_mean_gap_of_equal_bins():
    confidence = np.repeat([0.6, 0.9], [210, 240])
    right = np.concatenate([np.arange(210) % 2 == 0, np.ones(240, bool)])  # 50 % and 100 %
    assert expected_calibration_error(confidence, right) == pytest.approx(0.1)
    reliability = measure_reliability(np.column_stack([confidence, 1 - confidence]), np.where(right, 0, 1))
    assert {each.answers for each in reliability.bins} == {30}
    assert all(each.low < each.right <= each.high or each.right == 0 for each in reliability.bins)


def test_a_calibrated_classifier_shows_the_error_that_chance_brings():
    found = [measure_calibration(drawn(500, seed=seed)).after for seed in range(40)]
    assert np.mean([each.ece for each in found]) == pytest.approx(np.mean([e.ece_by_chance for e in found]), rel=0.1)
    assert sum(each.fits for each in found) >= 34


@pytest.mark.parametrize("make", [drawn, drawn_of_several])
def test_the_temperature_of_validation_halves_the_error_of_other_images(make):
    validation, test = make(1000, sure=3.0), make(2000, seed=1, sure=3.0)
    temperature, _ = temperature_of(validation)
    found = measure_calibration(with_temperature(test, temperature), temperature)
    assert found.before.ece > 0.04
    assert found.after.ece < found.before.ece / 2
    assert found.after.ece_classwise < found.before.ece_classwise
    assert found.after.log_loss < found.before.log_loss
    json.dumps(found.to_dict())


@pytest.mark.parametrize("make", [drawn, drawn_of_several])
def test_the_report_says_it_in_words_first(make):
    test = make(600, sure=3.0)
    section = calibration_section(measure_calibration(test, 1.0))
    assert ("too sure of itself" in section.sentences[0]) or ("off by more than chance" in section.sentences[0])
    assert section.sentences[1].startswith("Of 100 ")
    assert "expected calibration error" in section.sentences[2]
    assert section.charts[0].svg.startswith("<svg")
    assert section.table.columns == ("how sure it is", "answers", "right", "95 % interval")
    found = measure_calibration(test, 1.0).after.bins
    assert [row[1] for row in section.table.rows] == [f"{each.answers:,}" for each in found]
    assert section.table.rows[-1][0] == f"{100 * found[-1].confidence:.1f} %"
    (step,) = calibration_steps(measure_calibration(test, 1.0), "runs/a")
    assert step.command == "python -m imgcls.calibrate runs/a"
    assert calibration_steps(measure_calibration(with_temperature(test, 3.0), 3.0)) == []


def test_too_few_images_are_said_to_be_too_few():
    for table in (drawn(0), drawn(1), drawn(5)):
        found = measure_calibration(table)
        assert "too few images to say" in calibration_section(found).sentences[0]
        assert calibration_steps(found) == []


def test_a_bundle_has_no_before():
    found = measure_calibration(dataclasses.replace(drawn(200), logits=None), 2.0)
    assert found.before is None
    assert len(calibration_section(found).charts) == 1
