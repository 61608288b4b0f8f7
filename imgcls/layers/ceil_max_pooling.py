"""Maximum pooling that leaves out no row and no column."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import spatial_axes
from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class CeilMaxPooling2D(keras.layers.MaxPooling2D):
    """The maximum of each window; the last windows may reach over the end, and see what lies inside.

    Caffe and PyTorch's `ceil_mode` pool so, where "valid" leaves out the last rows and "same" begins before the first.

    Args:
        pool_size: Of a window, an integer or (height, width).
        strides: Likewise; pool_size by default.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's, with ceil((size - pool_size) / strides) + 1 rows and columns.

    Example:
        >>> CeilMaxPooling2D(3, 2)(keras.ops.ones((1, 8, 9, 4))).shape
        TensorShape([1, 4, 4, 4])
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
        for axis, missing in zip(spatial_axes(self.data_format), self._missing(inputs.shape), strict=True):
            # a copy of the last row changes no maximum, whatever its sign
            last = inputs[(*[slice(None)] * axis, slice(-1, None))]
            inputs = ops.concatenate([inputs, *[last] * missing], axis=axis) if missing else inputs
        return super().call(inputs)

    def _missing(self, shape: tuple[int | None, ...]) -> list[int]:
        """The rows and columns by which the last windows reach over the end."""
        sizes = [known(shape[axis], "height or width") for axis in spatial_axes(self.data_format)]
        return [
            max((windows(size, k, stride) - 1) * stride + k - size, 0)
            for size, k, stride in zip(sizes, self.pool_size, self.strides, strict=True)
        ]

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(input_shape)
        for axis, k, stride in zip(spatial_axes(self.data_format), self.pool_size, self.strides, strict=True):
            shape[axis] = windows(known(shape[axis], "height or width"), k, stride)
        return tuple(shape)

    @override
    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "padding"}


def windows(size: int, kernel: int, stride: int) -> int:
    """How many windows begin within `size` positions until one reaches the end."""
    return min(-(-(size - kernel) // stride), (size - 1) // stride) + 1
