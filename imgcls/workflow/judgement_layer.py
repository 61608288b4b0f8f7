"""The judgement as the layer that a model keeps, and back."""

from typing import Any

import keras
import numpy as np

from imgcls.evaluation.conformal import ConformalSets
from imgcls.evaluation.judgement import Judgement
from imgcls.evaluation.selective import Answers, Thresholds
from imgcls.layers import Judgement as JudgementLayer
from imgcls.models.classifier import judgement as layer_in
from imgcls.models.classifier import temperature


def layer_of(judgement: Judgement) -> JudgementLayer:
    """The layer with the same numbers; what was wished and what has to be said are its facts."""
    thresholds, sets = judgement.thresholds, judgement.sets
    layer = JudgementLayer(
        len(thresholds.values),
        sets.method,
        sets.penalty,
        sets.free_classes,
        facts=judgement.to_dict(),
    )
    layer.assign({"thresholds": thresholds.values, "quantiles": sets.quantiles})
    return layer


def judgement_of(model: keras.Model) -> Judgement | None:
    """What was fitted after training, as a model keeps it; None where nothing was."""
    layer = layer_in(model)
    if layer is None:
        return None
    numbers, facts = layer.numbers(), layer.facts
    return Judgement(
        temperature(model),
        _thresholds(numbers["thresholds"], facts.get("thresholds", {})),
        _sets(layer, numbers["quantiles"]),
        None,
        tuple(facts.get("notes", ())),
    )


def _thresholds(values: np.ndarray, facts: dict[str, Any]) -> Thresholds:
    reached = facts.get("reached")
    return Thresholds(
        values,
        wish=facts.get("wish", "none"),
        wished=facts.get("wished", 0.0),
        promised=facts.get("promised"),
        each_class=facts.get("each_class", False),
        reached=_answers(reached) if reached else None,
        reached_of_class=tuple(map(_answers, facts.get("reached_of_class", ()))),
        notes=tuple(facts.get("notes", ())),
    )


def _answers(facts: dict[str, Any]) -> Answers:
    return Answers(facts["images"], facts["answered"], facts["right"])


def _sets(layer: JudgementLayer, quantiles: np.ndarray) -> ConformalSets:
    facts = layer.facts.get("sets", {})
    return ConformalSets(
        layer.set_method,
        facts.get("coverage", 0.0),
        quantiles,
        layer.penalty,
        layer.free_classes,
        facts.get("images", 0),
        tuple(facts.get("notes", ())),
    )
