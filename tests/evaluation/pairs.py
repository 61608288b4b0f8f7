"""Tables of predictions of two classifiers whose right answers are known, on the same images."""

import numpy as np
import pandas as pd

from imgcls.evaluation.prediction_table import PredictionTable

NAMES = ["ant", "bee", "cat"]


def table_of(right: np.ndarray, groups: list[str] | None = None, **facts: object) -> PredictionTable:
    """A table of images of three classes in turn. right: (N,) bool, which of them are answered right."""
    labels = np.arange(len(right)) % 3
    answered = np.where(right, labels, (labels + 1) % 3)
    probabilities = np.full((len(right), 3), 0.1)
    probabilities[np.arange(len(right)), answered] = 0.8
    rows = pd.DataFrame(
        {
            "image": [f"{place}.png" for place in range(len(right))],
            "label": [NAMES[label] for label in labels],
            "labels": [[NAMES[label]] for label in labels],
            "group": groups or [""] * len(right),
            "sha256": [f"{place:x}" for place in range(len(right))],
        }
    )
    return PredictionTable(rows, NAMES, probabilities, facts={"split": "test", "split_hash": "one", **facts})


def pair_of(both: int, first: int, second: int, neither: int, **options) -> list[PredictionTable]:
    """Two tables. Numbers of images that both, the first alone, the second alone, and neither answer right."""
    counts = [both, first, second, neither]
    order = np.random.default_rng(0).permutation(sum(counts))
    return [
        table_of(np.repeat(np.array(kind, bool), counts)[order], **options) for kind in ([1, 1, 0, 0], [1, 0, 1, 0])
    ]
