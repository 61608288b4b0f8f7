"""What a client was told, as the predictions of a whole set of files: the table of `imgcls.predict` shows both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgcls.engines.engine import DECISION, PREDICTION_SET, UNKNOWN_SCORE, Outputs
from imgcls.serving.prediction import Prediction
from imgcls.serving.predictions import Predictions
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE


def as_predictions(paths: Sequence[Path], ranked: Sequence[Prediction]) -> Predictions:
    """Put what was said of each image together.

    Args:
        paths: Of the files.
        ranked: What was said of each: all classes, or the likeliest of them.

    Returns:
        The predictions, with every class that was named in the order of the alphabet, and a probability of 0 where it
        was not.

    Example:
        >>> found = as_predictions([Path("a.jpg")], [Prediction(["rose", "daisy"], [0.75, 0.25], "")])
        >>> found.class_names, found.probabilities.tolist()
        (['daisy', 'rose'], [[0.25, 0.75]])
    """
    names = sorted({name for each in ranked for name in each.classes})
    places = {name: place for place, name in enumerate([*names, NOT_SURE, NONE_OF_THESE])}
    probabilities = np.zeros((len(ranked), len(names)), np.float32)
    for row, each in enumerate(ranked):
        probabilities[row, [places[name] for name in each.classes]] = each.probabilities
        if each.problem:
            probabilities[row] = np.nan
    outputs = _judgement(ranked, places, len(names)) if any(each.decision for each in ranked) else {}
    return Predictions(list(paths), names, probabilities, [each.problem for each in ranked], outputs=outputs)


def _judgement(ranked: Sequence[Prediction], places: dict[str, int], classes: int) -> Outputs:
    """The decisions as an engine gives them; NaN where there is a problem."""
    members = np.zeros((len(ranked), classes), np.float32)
    decisions = np.full(len(ranked), np.nan, np.float32)
    scores = np.full(len(ranked), np.nan, np.float32)
    for row, each in enumerate(ranked):
        members[row, [places[name] for name in each.prediction_set]] = 1
        if each.decision:
            decisions[row], scores[row] = places[each.decision], each.unknown_score
    return {DECISION: decisions, PREDICTION_SET: members, UNKNOWN_SCORE: scores}
