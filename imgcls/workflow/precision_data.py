"""The images that formats of lower precision are made and measured with."""

import numpy as np
import pandas as pd

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest, targets_of
from imgcls.serving.accuracy_loss import LabelledImages

CALIBRATION_IMAGES = 128


def labelled_images(manifest: Manifest, class_names: list[str]) -> LabelledImages:
    """The images of the test split with their classes.

    Args:
        manifest: Of the run.
        class_names: Of the run's model.
    """
    rows = manifest.split("test")
    known = set(class_names)
    rows = rows[[set(labels) <= known for labels in rows["labels"]]]
    return LabelledImages(manifest.paths(rows), targets_of(rows, class_names), manifest.boxes(rows))


def calibration_pixels(manifest: Manifest, preprocessing: Preprocessing) -> np.ndarray:
    """Pixels of validation images, evenly drawn; of training images where nothing was kept for validation.

    Args:
        manifest: Of the run.
        preprocessing: How images become pixels.

    Returns:
        (N, height, width, channels), float32 in [0, 255], at most 128 images.
    """
    rows = manifest.split("validation")
    rows = _evenly(rows if len(rows) else manifest.split("train"))
    outcomes = read_images(manifest.paths(rows), preprocessing, manifest.boxes(rows))
    pixels = [np.asarray(outcome.result) for outcome in outcomes if not outcome.problem]
    shape = (0, preprocessing.height, preprocessing.width, preprocessing.channels)
    return np.stack(pixels) if pixels else np.empty(shape, np.float32)


def _evenly(rows: pd.DataFrame) -> pd.DataFrame:
    count = min(CALIBRATION_IMAGES, len(rows))
    return rows.iloc[[place * len(rows) // count for place in range(count)]]
