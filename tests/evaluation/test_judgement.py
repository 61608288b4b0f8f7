import dataclasses
import json

import numpy as np

from imgcls.evaluation.conformal import ConformalSets, fit_sets
from imgcls.evaluation.judgement import (
    NONE_OF_THESE,
    NOT_SURE,
    Judgement,
    decisions_section,
    fitted_in_words,
    measure_decisions,
)
from imgcls.evaluation.selective import Thresholds, fit_thresholds
from imgcls.evaluation.unknown import UnknownScore
from tests.evaluation.judged_tables import drawn, drawn_of_several

STRANGE = UnknownScore("max_logit", -2.0)


def fitted(table, **changes):
    return Judgement(2.0, fit_thresholds(table), fit_sets(table), STRANGE, **changes)


def test_an_image_is_a_class_or_not_sure_or_none_of_these():
    table = drawn(400)
    decisions = fitted(table).decide(table)
    strange = table.logits.max(axis=1) < 2
    assert (decisions[strange] == NONE_OF_THESE).all()
    unsure = ~strange & (table.confidence < 0.5)
    assert (decisions[unsure] == NOT_SURE).all()
    sure = ~strange & ~unsure
    assert decisions[sure].tolist() == [table.class_names[k] for k in table.predicted[sure]]
    assert min(strange.sum(), unsure.sum(), sure.sum()) > 0


def test_without_logits_nothing_is_strange():
    table = dataclasses.replace(drawn(400), logits=None)
    assert NONE_OF_THESE not in fitted(drawn(400)).decide(table)
    of_embeddings = Judgement(1.0, Thresholds.none(5), ConformalSets.full(5, 0.9), UnknownScore("knn", 0.1))
    assert NONE_OF_THESE not in of_embeddings.decide(drawn(400))


def test_of_several_classes_the_likeliest_that_is_sure_enough_is_answered():
    table = drawn_of_several(300)
    thresholds = Thresholds(np.array([0.9, 0.5, 0.5, 0.5], np.float32))
    judgement = Judgement(1.0, thresholds, ConformalSets.of_thresholds(thresholds.values), None)
    assert judgement.is_multi_label
    decisions = judgement.decide(table)
    inside = judgement.sets.apply(table.probabilities)
    assert ((decisions == NOT_SURE) == ~inside.any(axis=1)).all()
    for row in np.flatnonzero(inside.any(axis=1)):
        best = np.where(inside[row], table.probabilities[row], -1).argmax()
        assert decisions[row] == table.class_names[best]


def test_every_image_is_counted_once():
    table = drawn(400)
    everything, *classes = measure_decisions(table, fitted(table))
    assert everything.answered + everything.not_sure + everything.none_of_these == 400
    assert sum(each.images for each in classes) == 400
    assert sum(each.right for each in classes) == everything.right
    assert everything.right == ((fitted(table).decide(table) == table.rows["label"]).sum())


def test_the_report_says_what_is_answered():
    table = drawn(400)
    section = decisions_section(fitted(table), table)
    assert "Of 400 images," in section.sentences[0]
    assert "is an error" in section.sentences[1]
    assert section.charts[0].svg.startswith("<svg")
    assert "too few" in decisions_section(fitted(table), drawn(0)).sentences[0]
    assert decisions_section(fitted(table), drawn(1)).sentences


def test_it_is_said_in_words_with_what_was_not_possible():
    table = drawn(400)
    judgement = fitted(table, notes=("A note.",))
    words = " ".join(fitted_in_words(judgement, table))
    assert "less sure of itself" in words
    assert "At this threshold (0.50)" in words
    assert "A prediction set names" in words
    assert "stay known" in words
    assert words.endswith("A note.")
    bare = Judgement(1.0, Thresholds.none(5, "Too few."), ConformalSets.full(5, 0.9), None)
    assert fitted_in_words(bare, drawn(0)) == ("Every image is answered with its likeliest class.", "Too few.")


def test_it_is_json_without_arrays():
    values = json.loads(json.dumps(fitted(drawn(400)).to_dict()))
    assert (values["unknown"]["method"], values["unknown"]["threshold"]) == ("max_logit", -2.0)
    assert values["temperature"] == 2.0
    assert len(values["thresholds"]["values"]) == 5
