"""Local response normalisation, which AlexNet used before there was batch normalisation."""

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import channel_axis
from imgcls.layers.known_size import known
from imgcls.layers.native_layout import in_native_layout


@keras.saving.register_keras_serializable("imgcls")
class LocalResponseNormalization(keras.layers.Layer):
    """x / (bias + alpha · s) ** beta, where s is the sum of the squares of x over the neighbouring channels.

    As in the paper and in TensorFlow, alpha is not divided by the number of neighbours; Caffe and PyTorch divide it, so
    their alpha of 0.0005 over 5 channels is 0.0001 here. It is computed in float32 whatever the precision of the input.

    Args:
        depth_radius: Neighbours on each side; the paper's n = 5 channels are a radius of 2.
        bias: The paper's k, above 0.
        alpha: At least 0.
        beta: The exponent.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's.

    Raises:
        ValueError: For arguments out of range.

    Reference:
        Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 3.3.

    Example:
        >>> LocalResponseNormalization()(keras.ops.ones((1, 8, 8, 16))).shape
        TensorShape([1, 8, 8, 16])
    """

    def __init__(
        self,
        depth_radius: int = 2,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if depth_radius < 0 or not bias > 0 or not alpha >= 0:
            raise ValueError(
                f"depth_radius is {depth_radius}, bias {bias}, alpha {alpha}; expected a depth_radius and an alpha of "
                "at least 0, and a bias above 0."
            )
        self.depth_radius = depth_radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta
        self.axis = channel_axis(data_format)
        self.data_format = data_format

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channel = np.arange(known(input_shape[self.axis], "number of channels"))
        neighbours = np.abs(channel[:, None] - channel) <= self.depth_radius
        self.neighbours = neighbours[None, None].astype("float32")  # kernel of a 1x1 convolution, (1, 1, C, C)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        x = ops.cast(inputs, "float32")
        sums = in_native_layout(
            lambda squares, data_format: ops.conv(squares, self.neighbours, data_format=data_format),
            ops.square(x),
            self.data_format,
        )
        # exp and log: three times as fast on the CPU as a power
        scale = ops.exp(-self.beta * ops.log(self.bias + self.alpha * sums))
        return ops.cast(x * scale, inputs.dtype)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "depth_radius": self.depth_radius,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **own}
