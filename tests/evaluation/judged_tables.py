"""Tables of predictions whose truth is drawn from known chances."""

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from imgcls.evaluation.prediction_table import PredictionTable


def drawn(images: int, classes: int = 5, seed: int = 0, sure: float = 1.0, spread: float = 2.0) -> PredictionTable:
    """A classifier whose logits are `sure` times too large; divided by it, its probabilities are those of the truth."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, spread, (images, classes))
    chances = softmax(logits, axis=1)
    labels = (chances.cumsum(axis=1) < random.random((images, 1))).sum(axis=1).clip(max=classes - 1)
    return table_of(logits * sure, labels)


def table_of(logits: np.ndarray, labels: np.ndarray, **columns: object) -> PredictionTable:
    names = [f"class {place}" for place in range(logits.shape[1])]
    rows = pd.DataFrame({"image": [f"{place}.png" for place in range(len(labels))], **columns})
    rows["label"] = [names[label] for label in labels]
    rows["labels"] = [[names[label]] for label in labels]
    return PredictionTable(rows, names, softmax(logits, axis=1), logits=logits)


def drawn_of_several(images: int, classes: int = 4, seed: int = 0, sure: float = 1.0) -> PredictionTable:
    """The same with sigmoids, where an image may have several classes, or none."""
    random = np.random.default_rng(seed)
    logits = random.normal(-0.5, 2, (images, classes))
    targets = random.random((images, classes)) < expit(logits)
    names = [f"class {place}" for place in range(classes)]
    labels = [[name for name, has_it in zip(names, row, strict=True) if has_it] for row in targets]
    rows = pd.DataFrame({"image": [f"{place}.png" for place in range(images)]})
    rows["label"] = [found[0] if found else "" for found in labels]
    rows["labels"] = labels
    return PredictionTable(rows, names, expit(logits * sure), logits=logits * sure, facts={"multi_label": True})
