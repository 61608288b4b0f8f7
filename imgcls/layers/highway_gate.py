"""The gate of highway networks: how much of a block's work, and how much of its input, passes on."""

from typing import Any

import keras
from keras import KerasTensor, initializers, regularizers
from typing_extensions import override

from imgcls.data_format import channel_axis
from imgcls.layers.convolution import Conv2D
from imgcls.layers.known_size import known

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("imgcls")
class HighwayGate(keras.layers.Layer):
    """transformed · T + carried · (1 - T), where T in (0, 1) is a convolution of the carried input, for each element.

    Args:
        kernel_size: Of the gate's convolution, in pixels; that of the block in the paper. 1 makes a gate of each pixel
            alone.
        gate_bias: What the bias starts from; negative, so that a new network carries more than it transforms. The paper
            names -1 and -3 (section 2.2) and shows networks with -2 and -4 (figure 2).
        coupled: False gives the carried input a gate of its own in place of 1 - T, as in equation 2. With both gates
            open the layer is the addition of a residual network.
        data_format: Layout of the inputs.
        kernel_initializer: Of the gates' kernels, as Keras takes it.
        kernel_regularizer: Of the gates' kernels, as Keras takes it.

    Input shape:
        [transformed, carried], both (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As one input's.

    Raises:
        ValueError: If the inputs have different shapes.

    Reference:
        Srivastava et al., Highway Networks, 2015, equations 2 and 3.

    Example:
        >>> x = keras.ops.ones((1, 8, 8, 4))
        >>> HighwayGate()([keras.ops.relu(x), x]).shape
        TensorShape([1, 8, 8, 4])
    """

    def __init__(
        self,
        kernel_size: int = 3,
        gate_bias: float = -2.0,
        coupled: bool = True,
        data_format: str = "channels_last",
        kernel_initializer: str | initializers.Initializer = "glorot_uniform",
        kernel_regularizer: str | regularizers.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.gate_bias = gate_bias
        self.coupled = coupled
        self.axis = channel_axis(data_format)
        self.data_format = data_format
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def _gate(self, name: str, channels: int, bias: float) -> Conv2D:
        return Conv2D(
            channels,
            self.kernel_size,
            padding="same",
            activation="sigmoid",
            data_format=self.data_format,
            kernel_initializer=self.kernel_initializer.clone(),
            bias_initializer=initializers.Constant(bias),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    @override
    def build(self, input_shape: tuple[Shape, Shape]) -> None:
        transformed, carried = (tuple(shape) for shape in input_shape)
        if transformed != carried:
            raise ValueError(f"The transformed input has the shape {transformed}, the carried {carried}; expected one.")
        channels = known(carried[self.axis], "number of channels")
        self.transform_gate = self._gate("transform_gate", channels, self.gate_bias)
        self.transform_gate.build(carried)
        if not self.coupled:
            self.carry_gate = self._gate("carry_gate", channels, -self.gate_bias)
            self.carry_gate.build(carried)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        transformed, carried = inputs
        transform = self.transform_gate(carried)
        carry = 1 - transform if self.coupled else self.carry_gate(carried)
        return transformed * transform + carried * carry

    @override
    def compute_output_shape(self, input_shape: tuple[Shape, Shape]) -> Shape:
        return tuple(input_shape[0])

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "kernel_size": self.kernel_size,
            "gate_bias": self.gate_bias,
            "coupled": self.coupled,
            "data_format": self.data_format,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}
