"""A fully connected layer and its GELU in one operation: the same answers, and the features are written once.

TensorFlow computes a product of rows, a bias and an exact GELU in one operation of oneDNN where they follow each other
(`FindMatMulBiasAddAndGelu` in its grappler's remapper). In Keras a reshape lies between them.
"""

from collections import Counter
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import graph_nodes, producer
from imgcls.models.folding import without_layers
from imgcls.models.recursion import deep_networks


class DenseGELU(keras.layers.Layer):
    """A fully connected layer on each position, and the exact GELU; for prediction.

    Args:
        units: Features of the output.

    Input shape:
        (B, ..., features).

    Output shape:
        (B, ..., units).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = layers.GELU(dtype=self.dtype_policy)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        rows = ops.matmul(ops.reshape(inputs, (-1, inputs.shape[-1])), self.kernel)
        rows = self.activation(tf.nn.bias_add(rows, ops.convert_to_tensor(self.bias)))
        return ops.reshape(rows, (*ops.shape(inputs)[:-1], self.units))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@deep_networks()
def fuse_gelu(model: keras.Model) -> keras.Model:
    """The same network for prediction, with one layer in place of a fully connected one and the GELU behind it.

    Args:
        model: A network in channels_last. Its weights stay as they are.

    Returns:
        A network with weights of its own; `model` itself where there is nothing to fuse. The new layer has the name of
        the fully connected one, and the GELU becomes an `Identity` of the same name.

    Example:
        >>> from imgcls.models import build_model
        >>> model = fuse_gelu(build_model("convnext_atto", (32, 32, 3), num_classes=2))
        >>> tuple(model.get_layer("stage1_block1_expand_conv").kernel.shape)
        (40, 160)
    """
    activations = _fusable(model)
    if not activations:
        return model
    given = {name: model.get_layer(name).get_weights() for name in activations}
    weights = {name: [kernel.reshape(-1, kernel.shape[-1]), bias] for name, (kernel, bias) in given.items()}
    fused = {name: DenseGELU(len(bias), name=name) for name, (_, bias) in weights.items()}
    return without_layers(model, set(activations.values()), weights, fused)


def _fusable(model: keras.Model) -> dict[str, str]:
    """The names of the activations that can go, by those of the layers before them."""
    nodes = graph_nodes(model)
    calls = Counter(node.operation.name for node in nodes)
    readers = Counter(id(tensor) for tensor in [*(t for node in nodes for t in node.input_tensors), *model.outputs])
    found = {}
    for node in nodes:
        if type(node.operation) is not layers.GELU:
            continue
        tensor = node.input_tensors[0]
        before, _ = producer(tensor)
        alone = calls[before.name] == calls[node.operation.name] == readers[id(tensor)] == 1
        if alone and _is_fully_connected(before) and before.compute_dtype == node.operation.compute_dtype == "float32":
            found[before.name] = node.operation.name
    return found


def _is_fully_connected(layer: Any) -> bool:
    if type(layer) is layers.PointwiseConv2D:
        plain = layer.kernel_size == layer.strides == (1, 1) and layer.groups == 1
        fits = plain and layer.data_format == CHANNELS_LAST
    else:
        fits = type(layer) is keras.layers.Dense
    return fits and layer.use_bias and layer.activation is keras.activations.linear
