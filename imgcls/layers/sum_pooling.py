"""Pooling that adds up, as in the first convolutional networks."""

import math
from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class SumPooling2D(keras.layers.AveragePooling2D):
    """The sum of each window of `pool_size` pixels; windows that do not fit are left out.

    Args:
        pool_size: Of a window, an integer or (height, width).
        strides: Likewise; pool_size by default.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's, with fewer rows and columns.

    Reference:
        LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section II.B ("sub-sampling").

    Example:
        >>> SumPooling2D(2)(keras.ops.ones((1, 4, 4, 1)))[0, 0, 0].numpy().tolist()
        [4.0]
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int],
        strides: int | tuple[int, int] | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, data_format=data_format, **kwargs)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        return super().call(inputs) * math.prod(self.pool_size)

    @override
    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["padding"]
        return config
