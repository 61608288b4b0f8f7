"""What goes back through activations in place of their gradient: guided backpropagation and the deconvnet.

The forward pass stays as it is. Max pooling needs no rule: its gradient goes to the position of the maximum, which is
unpooling by switches. Neither does a convolution: its gradient is the convolution with the transposed filters.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from imgcls.explain.network import Rule
from imgcls.layers.prelu import PReLU
from imgcls.layers.rrelu import RReLU

Function = Callable[..., tf.Tensor]
Backward = Callable[[Function], Function]  # from an activation to the same one with another way back

ACTIVATION_LAYERS = (layers.ReLU, layers.LeakyReLU, layers.ELU, layers.PReLU, PReLU, RReLU)
ACTIVATION_OPERATIONS = {  # names of what `keras.ops` puts into a network that was made with its functions
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Silu", "HardSilu", "Gelu", "Softplus", "Tanh", "HardTanh",
    "Sigmoid", "HardSigmoid",
}  # fmt: skip
NO_ACTIVATIONS = (keras.activations.linear, keras.activations.softmax)


def guided(activation: Function) -> Function:
    """Gradients pass the activation as always, but only those above 0.

    Reference:
        Springenberg et al., Striving for Simplicity: The All Convolutional Net, 2015, section 3.4.
    """
    return lambda *inputs, **keywords: _above_zero_backward(activation(*inputs, **keywords))


def deconvnet(activation: Function) -> Function:
    """What comes back passes if it is above 0, whatever came in on the way forward.

    Reference:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 2.1.
    """

    def forward(inputs: tf.Tensor, **keywords: Any) -> tf.Tensor:
        return _rectified_backward(inputs, tf.stop_gradient(activation(inputs, **keywords)))

    return forward


def at_activations(backward: Backward) -> Rule:
    """The rule for `Network.run` that changes the way back through every activation and nothing else.

    Activations are layers, operations of `keras.ops`, and the `activation` of a convolution or a dense layer. Those
    inside a squeeze-and-excitation or a highway gate stay as they are: they weigh features and are none.

    Args:
        backward: `guided` or `deconvnet`.
    """

    def rule(operation: Any) -> Function:
        inner = getattr(operation, "activation", None)
        if callable(inner):
            return operation if inner in NO_ACTIVATIONS else _with_activation(operation, backward(inner))
        is_activation = isinstance(operation, ACTIVATION_LAYERS) or type(operation).__name__ in ACTIVATION_OPERATIONS
        return backward(operation) if is_activation else operation

    return rule


def _with_activation(layer: Any, activation: Function) -> Function:
    """The layer, with another function as its activation for the length of a call."""

    def call(*inputs: Any, **keywords: Any) -> tf.Tensor:
        before = layer.activation
        layer.activation = activation
        try:
            return layer(*inputs, **keywords)
        finally:
            layer.activation = before

    return call


def _identity(outputs: tf.Tensor) -> tuple[tf.Tensor, Function]:
    return tf.identity(outputs), tf.nn.relu


def _replaced(inputs: tf.Tensor, outputs: tf.Tensor) -> tuple[tf.Tensor, Function]:
    return tf.identity(outputs), lambda upstream: (tf.nn.relu(upstream), None)


_above_zero_backward: Function = tf.custom_gradient(_identity)
_rectified_backward: Function = tf.custom_gradient(_replaced)
