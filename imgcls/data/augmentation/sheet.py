"""The sheet of augmentation: a row of images for each step and each preset."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation.chain import Augmentation
from imgcls.data.augmentation.draws import Draws
from imgcls.data.augmentation.layer_function import LayerFunction
from imgcls.data.augmentation.mixing import mix
from imgcls.data.augmentation.presets import PRESETS, from_preset
from imgcls.data.augmentation.steps import MIXING, REGION, STEPS
from imgcls.data.images.preprocessing import Preprocessing, preprocess

SHOWN: dict[str, Mapping[str, Any]] = {  # each step alone, strong enough to be seen
    title: values for step in (REGION, *STEPS, MIXING) for title, values in step.shown.items()
}


class Row(NamedTuple):
    """A row of the sheet.

    Attributes:
        name: Of a step or preset.
        images: (N, H, W, C), uint8.
    """

    name: str
    images: np.ndarray


def originals(encoded: Sequence[bytes], preprocessing: Preprocessing) -> Row:
    """The images as prediction sees them."""
    return Row("original", _whole([preprocess(data, preprocessing) for data in encoded]))


def steps(encoded: Sequence[bytes], preprocessing: Preprocessing, seed: int = 0) -> list[Row]:
    """A row for each step."""
    own = {name: from_preset("none", AugmentationConfig(**values)) for name, values in SHOWN.items()}
    return [Row(name, changed(encoded, preprocessing, values, seed)) for name, values in own.items()]


def presets(encoded: Sequence[bytes], preprocessing: Preprocessing, seed: int = 0) -> list[Row]:
    """A row for each preset."""
    return [Row(name, changed(encoded, preprocessing, from_preset(name), seed)) for name in PRESETS]


def layers(
    encoded: Sequence[bytes], preprocessing: Preprocessing, every: Sequence[LayerFunction], seed: int = 0
) -> list[Row]:
    """A row for each layer of another package."""
    none = from_preset("none")
    return [Row(layer.name, changed(encoded, preprocessing, none, seed, [layer])) for layer in every]


def changed(
    encoded: Sequence[bytes],
    preprocessing: Preprocessing,
    chosen: AugmentationConfig,
    seed: int = 0,
    layers: Sequence[LayerFunction] = (),
) -> np.ndarray:
    """The images as training would see them at the beginning of a run, as one batch.

    Args:
        encoded: The files of the images.
        preprocessing: How images become pixels.
        chosen: The parameters of augmentation, none of them None.
        seed: Of the run.
        layers: Layers of other packages, behind it.

    Returns:
        (N, H, W, C), uint8.
    """
    plain = np.stack([preprocess(data, preprocessing) for data in encoded])
    covariance = np.atleast_2d(np.cov(plain.reshape(-1, preprocessing.channels), rowvar=False))
    augmentation = Augmentation(chosen, color_covariance=covariance, layers=layers)

    def change(data: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        draws = Draws(tf.constant([seed, position], tf.int64))
        pixels = preprocess(data, preprocessing, augmentation.region(draws, preprocessing))
        return augmentation.change(pixels, draws), augmentation.mixing(draws)

    parts = [change(data, position) for position, data in enumerate(encoded)]
    pixels, numbers = tf.stack([part[0] for part in parts]), tf.stack([part[1] for part in parts])
    if augmentation.mixes:
        count = len(encoded)
        pixels, _ = mix(pixels, tf.eye(count), tf.ones(count, tf.bool), numbers)
    return _whole(pixels)


def _whole(pixels: tf.Tensor | Sequence[tf.Tensor]) -> np.ndarray:
    return np.round(np.asarray(pixels)).astype(np.uint8)
