"""Tables of predictions with image files, for the tests of what is shown of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from imgcls.evaluation.prediction_table import PredictionTable


def predicted(
    folder: Path, labels: Sequence[str], probabilities: Sequence[Sequence[float]], names: Sequence[str], **facts: object
) -> PredictionTable:
    """The table of images of 12 pixels, a file each, in different gray levels."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"{place}.png" for place in range(len(labels))]
    for place, file in enumerate(files):
        Image.new("L", (12, 12), 20 * place % 256).save(folder / file)
    rows = pd.DataFrame({"image": files, "label": labels, "width": 12, "height": 12, "format": "PNG"})
    embeddings = np.asarray(probabilities, np.float32)
    known = {"root": str(folder), "split": "test", **facts}
    return PredictionTable(rows, names, np.asarray(probabilities, float), embeddings=embeddings, facts=known)


def several(folder: Path) -> PredictionTable:
    """Four images with any number of the labels sea and sky; the last one has none."""
    probabilities = [[0.9, 0.8], [0.7, 0.6], [0.2, 0.9], [0.1, 0.1]]
    table = predicted(folder, ["sea", "sea", "sky", ""], probabilities, ["sea", "sky"], multi_label=True)
    table.rows["labels"] = [["sea", "sky"], ["sea"], ["sky"], []]
    return table
