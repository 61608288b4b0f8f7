"""Squeeze-and-excitation: each channel is scaled by a gate that sees all channels."""

from typing import Any

import keras
from keras import KerasTensor, initializers, layers, ops, regularizers
from typing_extensions import override

from imgcls.data_format import channel_axis, spatial_axes
from imgcls.layers import by_name
from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class SqueezeExcitation(keras.layers.Layer):
    """Global average, two fully connected layers with biases, and a gate for each channel.

    The fully connected layers are 1x1 convolutions called "reduce" and "expand", with kernels (1, 1, C, R) and
    (1, 1, R, C) as in published weight files.

    Args:
        reduced_filters: R, C/16 in the paper.
        activation: After "reduce", by a name of `imgcls.layers.activation`; relu in the paper.
        gate_activation: After "expand", likewise; sigmoid in the paper.
        data_format: Layout of the input.
        kernel_initializer: Of both kernels, as Keras takes it.
        kernel_regularizer: Of both kernels, as Keras takes it.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's.

    Reference:
        Hu et al., Squeeze-and-Excitation Networks, 2017, section 3.

    Example:
        >>> SqueezeExcitation(reduced_filters=4)(keras.ops.ones((1, 8, 8, 64))).shape
        TensorShape([1, 8, 8, 64])
    """

    def __init__(
        self,
        reduced_filters: int,
        activation: str = "relu",
        gate_activation: str = "sigmoid",
        data_format: str = "channels_last",
        kernel_initializer: str | initializers.Initializer = "he_normal",
        kernel_regularizer: str | regularizers.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reduced_filters = reduced_filters
        self.activation = activation
        self.gate_activation = gate_activation
        self.data_format = data_format
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.axis = channel_axis(data_format)
        self.reduce = self._connected(reduced_filters, "reduce")
        self.activate = by_name.activation(activation, dtype=self.dtype_policy)
        self.gate = by_name.activation(gate_activation, dtype=self.dtype_policy)

    def _connected(self, filters: int, name: str) -> layers.Conv2D:
        return layers.Conv2D(
            filters,
            1,
            data_format="channels_last",
            kernel_initializer=self.kernel_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = known(input_shape[self.axis], "number of channels")
        self.expand = self._connected(channels, "expand")
        self.reduce.build((None, 1, 1, channels))
        self.activate.build((None, 1, 1, self.reduced_filters))
        self.expand.build((None, 1, 1, self.reduced_filters))
        self.gate.build((None, 1, 1, channels))
        self.gate_shape = (-1, channels, 1, 1) if self.axis == 1 else (-1, 1, 1, channels)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        x = ops.mean(inputs, axis=spatial_axes(self.data_format))
        x = self.reduce(ops.expand_dims(x, (1, 2)))
        x = self.expand(self.activate(x))
        return inputs * ops.reshape(self.gate(x), self.gate_shape)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "reduced_filters": self.reduced_filters,
            "activation": self.activation,
            "gate_activation": self.gate_activation,
            "data_format": self.data_format,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}
