"""The layers between the pixels and the stem of a network: standardization and whitening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import keras

from imgcls.layers import PixelStandardization, ReversedChannels

HALF = 127.5  # brings pixels of [0, 255] to [-1, 1]


@dataclass(frozen=True)
class InputLayers:
    """How pixels in [0, 255] become the input of the stem.

    Attributes:
        mean: Subtracted from the pixels: one number for all channels or one for each, in units of pixels.
        std: The pixels are divided by it; as `mean`, above 0. The defaults bring pixels to [-1, 1].
        preprocessing: How image files become pixels: fields of `imgcls.data.images.preprocessing.Preprocessing`. The
            model carries them; it computes nothing with them.
        blue_first: Whether the stem takes blue, green, red.
        whitening: An `imgcls.layers.PCAWhitening` for the standardized pixels, or None.
    """

    mean: Sequence[float] = (HALF,)
    std: Sequence[float] = (HALF,)
    preprocessing: Mapping[str, object] = field(default_factory=dict)
    blue_first: bool = False
    whitening: keras.layers.Layer | None = None

    def apply(self, pixels: keras.KerasTensor, data_format: str) -> keras.KerasTensor:
        """Put the layers on `pixels`.

        Args:
            pixels: (B, H, W, C), channels_last in every layout.
            data_format: Layout of the network behind them.

        Returns:
            (B, H, W, C) in channels_last, (B, C, H, W) in channels_first.
        """
        size = dict(zip(("height", "width", "channels"), pixels.shape[1:], strict=True))
        preprocessing = {**self.preprocessing, **size}
        x = PixelStandardization(self.mean, self.std, data_format, preprocessing, name="standardization")(pixels)
        if self.blue_first:
            x = ReversedChannels(data_format, name="blue_first")(x)
        if self.whitening is None:
            return x
        config = {**self.whitening.get_config(), "data_format": data_format}
        return type(self.whitening).from_config(config)(x)
