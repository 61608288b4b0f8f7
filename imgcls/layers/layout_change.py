"""From one layout to the other."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, check_data_format

ORDERS = {  # (source, target) -> order of the axes
    (CHANNELS_LAST, CHANNELS_FIRST): (0, 3, 1, 2),
    (CHANNELS_FIRST, CHANNELS_LAST): (0, 2, 3, 1),
}


@keras.saving.register_keras_serializable("imgcls")
class LayoutChange(keras.layers.Layer):
    """(B, H, W, C) into (B, C, H, W) or back; nothing where both layouts are the same.

    Args:
        source: Layout of the input, "channels_last" or "channels_first".
        target: Layout of the output.

    Input shape:
        Four axes, in the layout `source`.

    Output shape:
        Four axes, in the layout `target`.

    Raises:
        ValueError: For another name of a layout.

    Example:
        >>> LayoutChange("channels_last", "channels_first")(keras.ops.ones((1, 8, 9, 3))).shape
        TensorShape([1, 3, 8, 9])
    """

    def __init__(self, source: str, target: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = check_data_format(source)
        self.target = check_data_format(target)
        self.order = ORDERS.get((source, target), (0, 1, 2, 3))

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        return inputs if self.source == self.target else ops.transpose(inputs, self.order)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape[axis] for axis in self.order)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "source": self.source, "target": self.target}
