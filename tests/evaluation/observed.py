"""Tables of predictions for images that are drawn from known distributions."""

import numpy as np
import pandas as pd

from imgcls.evaluation.prediction_table import PredictionTable

NAMES = ["ant", "bee", "cat", "dog"]


def drawn_table(count: int, seed: int, brightness: float = 1.0, dimension: int = 80, moved: float = 0.0):
    """A table of images with labels, looks and embeddings.

    Args:
        count: How many.
        seed: Of the draw.
        brightness: By which it is multiplied.
        dimension: Of the embeddings.
        moved: By how much every embedding is moved.
    """
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, count)
    logits = random.normal(size=(count, 4)) + 2 * np.eye(4)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    light = np.clip(random.beta(8, 8, count) * brightness, 0, 1)
    rows = pd.DataFrame(
        {
            "image": [f"{seed}-{place}.png" for place in range(count)],
            "label": [NAMES[label] for label in labels],
            "labels": [[NAMES[label]] for label in labels],
            "width": random.choice([640, 480], count),
            "height": 480,
            "brightness": light,
            "brightness_99": np.clip(light + 0.4, 0, 1) * brightness,
            "brightness_5": light / 3,
            "sharpness": np.full(count, np.nan),
        }
    )
    centres = np.random.default_rng(9).normal(size=(4, dimension))
    embeddings = centres[labels] + random.normal(size=(count, dimension)) + moved
    return PredictionTable(rows, NAMES, probabilities, embeddings=embeddings)
