"""The layers that architectures are made of, with what they share already set."""

from dataclasses import dataclass

from keras import layers

from imgcls.data_format import channel_axis
from imgcls.layers import ParameterFreeShortcut


@dataclass(frozen=True)
class Wiring:
    """Layers of one network: layout, activation and normalisation are the same in all of them.

    Each method adds a layer to `x` (B, H, W, C, or B, C, H, W in channels_first) and returns the result. Convolutions
    have no bias, because a normalisation follows each of them.

    norm_epsilon, norm_momentum: of every batch normalisation.
    """

    data_format: str = "channels_last"
    activation: str = "relu"
    norm_epsilon: float = 1e-3
    norm_momentum: float = 0.99

    def conv(self, x, filters: int, kernel_size: int, strides: int = 1, name: str | None = None):
        return layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            data_format=self.data_format,
            name=name,
        )(x)

    def depthwise(self, x, kernel_size: int, strides: int = 1, name: str | None = None):
        return layers.DepthwiseConv2D(
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            depthwise_initializer="he_normal",
            data_format=self.data_format,
            name=name,
        )(x)

    def norm(self, x, name: str | None = None):
        return layers.BatchNormalization(
            axis=channel_axis(self.data_format),
            epsilon=self.norm_epsilon,
            momentum=self.norm_momentum,
            name=name,
        )(x)

    def act(self, x, name: str | None = None):
        return layers.Activation(self.activation, name=name)(x)

    def add(self, x, shortcut, name: str | None = None):
        return layers.Add(name=name)([x, shortcut])

    def parameter_free_shortcut(self, x, filters: int, strides: int, name: str | None = None):
        return ParameterFreeShortcut(filters, strides, self.data_format, name=name)(x)

    def global_average(self, x, name: str | None = None):
        return layers.GlobalAveragePooling2D(data_format=self.data_format, name=name)(x)
