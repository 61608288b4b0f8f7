"""The rectifier whose slope below zero is random in training."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class RReLU(keras.layers.Layer):
    """x where x is positive, slope · x elsewhere, with a slope drawn for each element in training.

    The slope is uniform in [lower, upper] in training and its mean in inference, as in PyTorch; the paper draws the
    inverse of the slope from [3, 8].

    Args:
        lower: Smallest slope, at least 0.
        upper: Largest slope, below 1.
        seed: Of the draws.

    Input shape:
        (B, ...), any layout.

    Output shape:
        As the input's.

    Raises:
        ValueError: Unless 0 <= lower <= upper < 1.

    Reference:
        Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network, 2015.

    Example:
        >>> RReLU(lower=0.25, upper=0.75)(keras.ops.array([[-4.0, 4.0]])).numpy().tolist()
        [[-2.0, 4.0]]
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= lower <= upper < 1:
            raise ValueError(f"lower is {lower} and upper is {upper}; expected 0 <= lower <= upper < 1.")
        self.lower = lower
        self.upper = upper
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @override
    def call(self, inputs: KerasTensor, training: bool = False) -> KerasTensor:
        if training:
            slope = keras.random.uniform(
                ops.shape(inputs), self.lower, self.upper, dtype=inputs.dtype, seed=self.seed_generator
            )
        else:
            slope = (self.lower + self.upper) / 2
        return ops.relu(inputs) - slope * ops.relu(-inputs)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "lower": self.lower, "upper": self.upper, "seed": self.seed}
