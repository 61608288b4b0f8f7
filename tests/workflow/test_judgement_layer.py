import dataclasses

import numpy as np
import pytest

from imgcls.evaluation.judgement import judgement as of_evaluation
from imgcls.evaluation.judgement.conformal import ConformalSets, fit_sets
from imgcls.evaluation.judgement.judgement import NONE_OF_THESE, NOT_SURE, Judgement
from imgcls.evaluation.judgement.selective import Thresholds, fit_thresholds
from imgcls.evaluation.judgement.unknown_fit import fit_unknown_score
from imgcls.layers import judgement as of_layers
from imgcls.models import build_model
from imgcls.models.classifier import with_judgement
from imgcls.workflow.judgement_layer import judgement_of, layer_of, raise_thresholds
from tests.evaluation.judged_tables import drawn, drawn_of_several


def with_embeddings(table):
    noise = np.random.default_rng(len(table)).normal(size=(len(table), 7)).astype(np.float32)
    embeddings = np.concatenate([table.logits.astype(np.float32), noise], axis=1)
    return dataclasses.replace(table, embeddings=embeddings, probabilities=table.probabilities.astype(np.float32))


def check_equal(judgement, table):
    """That the layer says of a table what NumPy says."""
    found = layer_of(judgement)([table.probabilities, np.float32(table.logits), table.embeddings])
    names = np.array([*table.class_names, NOT_SURE, NONE_OF_THESE], object)
    answers = judgement.decide(table)
    assert names[np.asarray(found["decision"])].tolist() == answers.tolist()
    assert np.array_equal(np.asarray(found["prediction_set"]), judgement.sets.apply(table.probabilities))
    if judgement.unknown is not None:
        np.testing.assert_allclose(found["unknown_score"], judgement.unknown.scores(table), rtol=1e-3, atol=1e-3)
    return set(answers)


@pytest.mark.parametrize("method", ["lac", "aps", "raps", "class_conditional"])
def test_the_layer_says_what_numpy_says(method):
    validation, test = with_embeddings(drawn(400)), with_embeddings(drawn(500, seed=1))
    judgement = Judgement(
        1.0,
        fit_thresholds(validation, coverage=0.7, each_class=True),
        fit_sets(validation, 0.8, method),
        fit_unknown_score(with_embeddings(drawn(600, seed=2)), validation, known=0.8),
    )
    assert check_equal(judgement, test) == {*test.class_names, NOT_SURE, NONE_OF_THESE}


def test_it_does_so_for_several_labels_and_for_what_was_not_fitted():
    several = with_embeddings(drawn_of_several(500))
    thresholds = fit_thresholds(several, precision=0.8)
    unknown = fit_unknown_score(several, several)
    check_equal(Judgement(1.0, thresholds, ConformalSets.of_thresholds(thresholds.values), unknown), several)
    nothing = Judgement(1.0, Thresholds.none(5), ConformalSets.full(5, 0.9), None)
    assert NOT_SURE not in check_equal(nothing, with_embeddings(drawn(100)))


def test_a_model_gives_back_what_it_was_given():
    validation = with_embeddings(drawn(400))
    model = build_model("lenet5", (32, 32, 1), validation.class_names)
    assert judgement_of(model) is None
    given = Judgement(1.5, fit_thresholds(validation, precision=0.7), fit_sets(validation), None, ("A note.",))
    kept = judgement_of(with_judgement(model, given.temperature, layer_of(given)))
    assert kept.to_dict() == given.to_dict()


def test_a_model_answers_only_from_a_threshold_on():
    validation, test = with_embeddings(drawn(400)), with_embeddings(drawn(500, seed=1))
    given = Judgement(1.0, fit_thresholds(validation, coverage=0.9), fit_sets(validation), None)
    model = with_judgement(build_model("lenet5", (32, 32, 1), validation.class_names), 1.0, layer_of(given))
    raise_thresholds(model, 0.8)
    raised = judgement_of(model)
    check_equal(raised, test)
    unsure = raised.decide(test) == NOT_SURE
    expected = (test.confidence < np.float32(0.8)) | (given.decide(test) == NOT_SURE)
    assert unsure.tolist() == expected.tolist()
    assert raised.thresholds.notes == ('Answers below 80 % are "not sure", as was asked for.',)
    assert raised.thresholds.reached is None
    assert np.array_equal(raised.sets.quantiles, given.sets.quantiles)


def test_of_several_labels_those_from_a_threshold_on_are_given():
    several = with_embeddings(drawn_of_several(500))
    fitted = fit_thresholds(several, precision=0.8)
    raised = Judgement(1.0, fitted, ConformalSets.of_thresholds(fitted.values), None).answering_from(0.9)
    check_equal(raised, several)
    assert (several.probabilities[raised.sets.apply(several.probabilities)] >= np.float32(0.9) - 1e-6).all()


def test_a_lower_threshold_than_the_fitted_one_changes_nothing():
    given = Judgement(1.0, Thresholds(np.full(3, 0.7, np.float32)), ConformalSets.full(3, 0.9), None)
    assert given.answering_from(0.5) is given


@pytest.mark.parametrize(("least", "said"), [(1.5, "expected a probability"), (0.5, "imgcls.calibrate")])
def test_a_threshold_that_cannot_be_is_refused(least, said):
    with pytest.raises(ValueError, match=said):
        raise_thresholds(build_model("lenet5", (32, 32, 1), ["a", "b", "c"]), least)


def test_the_answers_that_are_no_class_have_one_name():
    assert (of_layers.NOT_SURE, of_layers.NONE_OF_THESE) == (of_evaluation.NOT_SURE, of_evaluation.NONE_OF_THESE)
