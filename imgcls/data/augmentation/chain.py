"""The random changes to a training image, from its region to its pixels: a table and a loop.

Every change is a pure function of the image, the parameters and the draws, so that a resumed run sees the same images.
The steps are built from TensorFlow's stateless operations. The layers of keras-cv and Keras draw from a state
(keras-cv's RandAugment and RandomHue even ignore their seed); `answered_draws` makes them pure.
"""

from collections.abc import Sequence
from dataclasses import fields
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation import color, mixing
from imgcls.data.augmentation.draws import Draws
from imgcls.data.augmentation.presets import neutral
from imgcls.data.augmentation.steps import MIXING, REGION, STEPS, Step
from imgcls.data.images.decoding import Cut
from imgcls.data.images.preprocessing import Preprocessing

if TYPE_CHECKING:
    from imgcls.data.augmentation.layer_function import (
        LayerFunction,  # which imports Keras, and who serves does without
    )


class Augmentation:
    """The augmentation of training images.

    A step's function gets its parameters as attributes of `values`, each a scalar float32 tensor, and beside them
    `values.largest`, a dict with the largest value of each parameter over the rows (numbers, for what has to be known
    when the graph is built), and `values.color_axes`, (C, C): the principal components of the training pixels, times
    their standard deviation.

    Args:
        *rows: Parameters of all steps, none of them None. With two rows, `row` says which one an image gets.
        steps: The changes of pixels, in their order.
        color_covariance: (C, C), of the training pixels, for the shift along their principal components.
        layers: Layers of other packages, which every image goes through after the steps.

    Attributes:
        rows: The parameters.
        layers: The layers of other packages.
        mixes: Whether images are mixed by MixUp or CutMix.
    """

    def __init__(
        self,
        *rows: AugmentationConfig,
        steps: Sequence[Step] = STEPS,
        color_covariance: np.ndarray | None = None,
        layers: "Sequence[LayerFunction]" = (),
    ) -> None:
        self.rows, self.layers = rows, tuple(layers)
        self.mixes = self._is_on(MIXING)
        self._steps = [step for step in steps if self._is_on(step)]
        self._axes = np.zeros((3, 3), np.float32)
        if color_covariance is not None:
            self._axes = color.principal_axes(color_covariance)

    def _is_on(self, step: Step) -> bool:
        off = neutral(type(self.rows[0]))
        return any(getattr(row, name) != getattr(off, name) for row in self.rows for name in step.switches)

    def _values(self, row: tf.Tensor | int) -> dict[str, tf.Tensor]:
        """The parameters of one row; `row` may be known only when the graph runs."""
        names = [field.name for field in fields(self.rows[0])]
        table = tf.constant([[getattr(row, name) for name in names] for row in self.rows], tf.float32)
        return dict(zip(names, tf.unstack(table[row]), strict=True))

    def _values_of(self, step: Step, values: dict[str, tf.Tensor]) -> SimpleNamespace:
        """The parameters of one step."""
        largest = {name: max(getattr(row, name) for row in self.rows) for name in step.parameters}
        own = {name: values[name] for name in step.parameters}
        return SimpleNamespace(**own, largest=largest, color_axes=tf.constant(self._axes))

    def region(self, draws: Draws, preprocessing: Preprocessing, row: tf.Tensor | int = 0) -> Cut | None:
        """The region of the image that is cut out; None for the region of prediction."""
        if not self._is_on(REGION):
            return None
        cut: Cut = REGION.function(preprocessing, draws, self._values_of(REGION, self._values(row)))
        return cut

    def change(self, image: tf.Tensor, draws: Draws, row: tf.Tensor | int = 0) -> tf.Tensor:
        """The image after every step that is on, and every layer.

        Args:
            image: (H, W, C), float32 in [0, 255].
            draws: The random numbers of the image.
            row: Which row of parameters the image gets.

        Returns:
            (H, W, C), float32 in [0, 255].
        """
        if self._steps:
            image = self._through_steps(image, draws, self._values(row))
        for number, layer in enumerate(self.layers):
            image = _in_range(layer(image, draws.seed(f"layer {number}: {layer.name}")))
        return image

    def _through_steps(self, image: tf.Tensor, draws: Draws, values: dict[str, tf.Tensor]) -> tf.Tensor:
        for step in self._steps:
            image = tf.ensure_shape(step.function(image, draws, self._values_of(step, values)), image.shape)
        return image if all(step.keeps_range for step in self._steps) else _in_range(image)

    def mixing(self, draws: Draws, row: tf.Tensor | int = 0) -> tf.Tensor:
        """What `mix` needs of one image: (4,)."""
        if not self.mixes:
            return tf.zeros(mixing.NUMBERS)
        return MIXING.function(draws, self._values_of(MIXING, self._values(row)))


def _in_range(image: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.ClipByValue(t=image, clip_value_min=0.0, clip_value_max=255.0)
