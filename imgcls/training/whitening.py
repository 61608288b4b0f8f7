"""The whitening layer behind the standardization of a network, learned from the training split."""

from collections.abc import Iterator
from itertools import islice

import keras
import numpy as np

from imgcls.config import InputConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.layers import PCAWhitening

LARGEST_VECTOR = 4096  # numbers of an image up to which ZCA whitens images as a whole; beyond, their colours
EPSILON = {"image": 0.1, "channels": 1e-5}  # of pixels with variance 1: Coates, Ng and Lee, 2011, for the images
BATCH = 256  # images


def make_whitening(config: InputConfig, shape: tuple[int, int, int]) -> PCAWhitening | None:
    """The layer that the config asks for, which has learned nothing yet; None for `--whitening none`.

    PCA's components have no place in the image, so it decorrelates the channels and keeps the image; ZCA whitens
    the image as a whole where that is small enough.

    Args:
        config: of the run.
        shape: (H, W, C) of the images.

    Reference:
        Coates, Ng and Lee, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, 2011.
    """
    if config.whitening == "none":
        return None
    mode = whitening_mode(config.whitening, shape)
    epsilon = EPSILON[mode] if config.whitening_epsilon is None else config.whitening_epsilon
    return PCAWhitening(mode, config.whitening, epsilon=epsilon, name="whitening")


def whitening_mode(kind: str, shape: tuple[int, int, int]) -> str:
    """What is a vector: "image" or "channels"."""
    return "image" if kind == "zca" and np.prod(shape) <= LARGEST_VECTOR else "channels"


def learn_whitening(model: keras.Model, manifest: Manifest, preprocessing: Preprocessing) -> None:
    """Learn the statistics from every training image that can be read, in one pass."""
    standardization, rows = model.get_layer("standardization"), manifest.split("train")
    outcomes = read_images(manifest.paths(rows), preprocessing, manifest.boxes(rows))
    readable = (outcome.result for outcome in outcomes if not outcome.problem)
    model.get_layer("whitening").adapt(np.asarray(standardization(pixels)) for pixels in _batches(readable))


def _batches(images: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    while batch := list(islice(images, BATCH)):
        yield np.stack(batch)
