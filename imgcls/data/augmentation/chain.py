"""The random changes to a training image, from its region to its pixels: a table and a loop.

Every change is a pure function of the image, the settings and the draws. keras-cv's and Keras' layers draw from a
global state (keras-cv's RandAugment and RandomHue even ignore their seed), so that none of them gives the same image
again after a resume; what is here is built from TensorFlow's stateless operations instead.
"""

from collections.abc import Callable
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation import color, geometry, mixing, occlusion, policies, quality
from imgcls.data.augmentation.draws import Draws
from imgcls.data.images.decoding import Cut
from imgcls.data.images.preprocessing import Preprocessing

Step = Callable[[tf.Tensor, Draws, SimpleNamespace], tf.Tensor]
COLOR = ("brightness", "contrast", "saturation", "hue", "pca_color")
STEPS: dict[str, tuple[Callable[[AugmentationConfig], bool], Step]] = {  # in this order: whether it is on, what it does
    "horizontal_flip": (
        lambda s: s.horizontal_flip > 0,
        lambda x, d, s: geometry.horizontal_flip(x, d, s.horizontal_flip),
    ),
    "vertical_flip": (
        lambda s: s.vertical_flip > 0,
        lambda x, d, s: geometry.vertical_flip(x, d, s.vertical_flip),
    ),
    "warp": (
        lambda s: s.affine_probability > 0 and (s.rotation > 0 or s.zoom > 0),
        lambda x, d, s: geometry.affine(x, d, s.affine_probability, s.rotation, s.zoom),
    ),
    "color": (
        lambda s: any(getattr(s, name) > 0 for name in COLOR),
        lambda x, d, s: color.jitter(x, d, color_axes=s.color_axes, **{name: getattr(s, name) for name in COLOR}),
    ),
    "randaugment": (
        lambda s: s.randaugment > 0,
        lambda x, d, s: policies.randaugment(x, d, s.randaugment, s.randaugment_magnitude, s.most_operations),
    ),
    "augmix": (lambda s: s.augmix > 0, lambda x, d, s: policies.augmix(x, d, s.augmix, s.randaugment_magnitude)),
    "noise": (lambda s: s.noise > 0, lambda x, d, s: quality.noise(x, d, s.noise_probability, s.noise)),
    "blur": (lambda s: s.blur > 0, lambda x, d, s: quality.blur(x, d, s.blur_probability, s.blur)),
    "jpeg": (lambda s: s.jpeg_quality < 100, lambda x, d, s: quality.jpeg(x, d, s.jpeg_probability, s.jpeg_quality)),
    "random_erasing": (
        lambda s: s.random_erasing > 0,
        lambda x, d, s: occlusion.erase(x, d, s.random_erasing, s.random_erasing_area),
    ),
    "gridmask": (lambda s: s.gridmask > 0, lambda x, d, s: occlusion.gridmask(x, d, s.gridmask, s.gridmask_ratio)),
}
MOVES = {"horizontal_flip", "vertical_flip", "warp", "random_erasing", "gridmask"}  # which leave no pixel out of range


class Augmentation:
    """What is done to training images.

    rows: the settings, none left open. With two rows an image gets the one that it is told to.
    color_covariance: (C, C) of the training pixels, for the shift along their principal components.
    """

    def __init__(self, *rows: AugmentationConfig, color_covariance: np.ndarray | None = None):
        self.rows = rows
        self.mixes = any(row.mixup > 0 or row.cutmix > 0 for row in rows)
        self._crops = any(row.crop_scale < 1 or row.crop_ratio > 1 for row in rows)
        on = [name for name, (is_on, _) in STEPS.items() if any(is_on(row) for row in rows)]
        self._recolors = not MOVES.issuperset(on)
        self._steps = [STEPS[name][1] for name in on]
        self._axes = np.zeros((3, 3), np.float32)
        if color_covariance is not None:
            self._axes = color.principal_axes(color_covariance)

    def _settings(self, row: tf.Tensor) -> SimpleNamespace:
        """The numbers of one row; `row` is known only when the graph runs."""
        names = list(asdict(self.rows[0]))
        table = tf.constant([[getattr(row, name) for name in names] for row in self.rows], tf.float32)
        values = SimpleNamespace(**dict(zip(names, tf.unstack(table[row]), strict=True)))
        values.randaugment = tf.cast(values.randaugment, tf.int32)
        values.most_operations = max(row.randaugment for row in self.rows)
        values.color_axes = tf.constant(self._axes)
        return values

    def region(self, draws: Draws, preprocessing: Preprocessing, row: tf.Tensor | int = 0) -> Cut | None:
        """The region of the image that is cut out; None for that of prediction."""
        if not self._crops:
            return None
        values = self._settings(row)
        return geometry.random_region(draws, preprocessing, values.crop_scale, values.crop_ratio)

    def change(self, image: tf.Tensor, draws: Draws, row: tf.Tensor | int = 0) -> tf.Tensor:
        """The image (H, W, C), float32 in [0, 255], after every step that is on; in the same range."""
        if not self._steps:
            return image
        values = self._settings(row)
        for step in self._steps:
            image = tf.ensure_shape(step(image, draws, values), image.shape)
        return tf.raw_ops.ClipByValue(t=image, clip_value_min=0.0, clip_value_max=255.0) if self._recolors else image

    def mixing(self, draws: Draws, row: tf.Tensor | int = 0) -> tf.Tensor:
        """The numbers that `mix` needs of one image."""
        if not self.mixes:
            return tf.zeros(mixing.NUMBERS)
        values = self._settings(row)
        return mixing.draw_mixing(draws, values.mixup, values.cutmix)
