"""The first layer of every classifier: pixels in, standardized pixels in the network's layout out."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.counted import counted
from imgcls.data_format import channel_axis, check_data_format, from_channels_last


@keras.saving.register_keras_serializable("imgcls")
class PixelStandardization(keras.layers.Layer):
    """(pixels - mean) / std for each channel in float32, then the transposition into the network's layout.

    Args:
        mean: One number for all channels or one for each, in units of pixels.
        std: As `mean`, above 0.
        data_format: Layout of the output.
        preprocessing: How encoded images become these pixels (the fields of
            `imgcls.data.images.preprocessing.Preprocessing`), kept here so that a saved model carries it.

    Input shape:
        (B, H, W, C), channels_last always, pixels in [0, 255], whole numbers or floats.

    Output shape:
        (B, H, W, C) in channels_last, (B, C, H, W) in channels_first.

    Raises:
        ValueError: For a std of 0 or below, or another number of values than channels.

    Example:
        >>> PixelStandardization((127.5,), (127.5,))(keras.ops.full((1, 1, 1, 1), 255)).numpy().item()
        1.0
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
        data_format: str = "channels_last",
        preprocessing: Mapping[str, object] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        if not all(value > 0 for value in self.std):
            raise ValueError(f"std is {self.std}; expected numbers above 0.")
        self.data_format = check_data_format(data_format)
        self.preprocessing = dict(preprocessing or {})

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                shown = "unknown channels" if channels is None else counted(channels, "channel")
                raise ValueError(f"{name} has {counted(len(values), 'value')} for {shown}; expected 1 or {channels}.")

    @override
    def call(self, pixels: KerasTensor) -> KerasTensor:
        mean = keras.ops.convert_to_tensor(self.mean, dtype=self.compute_dtype)
        std = keras.ops.convert_to_tensor(self.std, dtype=self.compute_dtype)
        standardized = (keras.ops.cast(pixels, self.compute_dtype) - mean) / std
        if channel_axis(self.data_format) == -1:
            return standardized
        return keras.ops.transpose(standardized, (0, *from_channels_last(self.data_format)))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], *(input_shape[axis] for axis in from_channels_last(self.data_format)))

    @override
    def get_config(self) -> dict[str, Any]:
        own = {"mean": self.mean, "std": self.std, "data_format": self.data_format, "preprocessing": self.preprocessing}
        return {**super().get_config(), **own}
