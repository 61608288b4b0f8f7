"""The judgement as the layer that a model keeps, and back."""

from typing import Any, cast

import keras
import numpy as np

from imgcls.evaluation.judgement.conformal import ConformalSets, Method
from imgcls.evaluation.judgement.judgement import Judgement
from imgcls.evaluation.judgement.selective import AnsweredImages, Thresholds
from imgcls.evaluation.judgement.unknown import UnknownScore, candidates_of
from imgcls.layers import Judgement as JudgementLayer
from imgcls.models.classifier import judgement as layer_in
from imgcls.models.classifier import temperature


def layer_of(judgement: Judgement) -> JudgementLayer:
    """The layer with the same numbers; what was wished and what has to be said are its facts."""
    thresholds, sets, unknown = judgement.thresholds, judgement.sets, judgement.unknown
    numbers = {"thresholds": thresholds.values, "quantiles": sets.quantiles}
    of_unknown: dict[str, Any] = {}
    if unknown is not None:
        shapes = {name: list(values.shape) for name, values in unknown.arrays.items()}
        of_unknown = {"unknown_method": unknown.method, "unknown_shapes": shapes, "neighbors": unknown.neighbors}
        numbers |= {"unknown_threshold": np.array(unknown.threshold)}
        numbers |= {f"unknown_{name}": values for name, values in unknown.arrays.items()}
    layer = JudgementLayer(
        len(thresholds.values), sets.method, sets.penalty, sets.free_classes, **of_unknown, facts=judgement.to_dict()
    )
    layer.assign(numbers)
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
        _unknown(layer, numbers),
        tuple(facts.get("notes", ())),
    )


def raise_thresholds(model: keras.Model, least: float) -> None:
    """Have a model answer no class that is less likely than this; it says "not sure" then.

    Args:
        model: A classifier with what was fitted after its training.
        least: A probability.

    Raises:
        ValueError: If it is no probability, or nothing was fitted.
    """
    if not 0 <= least <= 1:
        raise ValueError(f"--threshold is {least:g}; expected a probability, 0 to 1.")
    layer, judged = layer_in(model), judgement_of(model)
    if layer is None or judged is None:
        raise ValueError(
            '--threshold makes unsure answers "not sure", and nothing that decides on them was fitted for this run. '
            "Fit it with `python -m imgcls.calibrate` first, or export without it."
        )
    raised = judged.answering_from(least)
    layer.assign({"thresholds": raised.thresholds.values, "quantiles": raised.sets.quantiles})
    layer.facts = raised.to_dict()


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


def _answers(facts: dict[str, Any]) -> AnsweredImages:
    return AnsweredImages(facts["images"], facts["answered"], facts["right"])


def _sets(layer: JudgementLayer, quantiles: np.ndarray) -> ConformalSets:
    facts = layer.facts.get("sets", {})
    return ConformalSets(
        cast("Method", layer.set_method),
        facts.get("coverage", 0.0),
        quantiles,
        layer.penalty,
        layer.free_classes,
        facts.get("images", 0),
        tuple(facts.get("notes", ())),
    )


def _unknown(layer: JudgementLayer, numbers: dict[str, np.ndarray]) -> UnknownScore | None:
    if not layer.unknown_method:
        return None
    facts = layer.facts.get("unknown") or {}
    return UnknownScore(
        layer.unknown_method,
        float(numbers["unknown_threshold"]),
        {name: numbers[f"unknown_{name}"] for name in layer.unknown_shapes},
        layer.neighbors,
        facts.get("known", 0.95),
        candidates_of(facts.get("candidates", ())),
        facts.get("images", 0),
    )
