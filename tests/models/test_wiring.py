"""What `CostWiring` counts for each operation is what `KerasWiring` makes, on random shapes and arguments.

A new operation needs a row in OPERATIONS; see docs/extend/wiring_operation.md.
"""

import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.data_format import DATA_FORMATS, from_channels_last
from imgcls.models.cost import CostWiring, SymbolicTensor
from imgcls.models.keras_wiring import KerasWiring
from imgcls.models.receptive_field import ReceptiveField
from imgcls.models.wiring import NORMALIZATIONS, Wiring, operations

NO_LAYER = {"activation_at", "branch_off", "channels", "size"}
UNCOUNTED = {"local_response_norm", "oriented_gradients"}  # compute with kernels of constants, which count as nothing
DRAWS = 3  # of shapes and arguments, for each operation and layout


def feature_map(draw, channels: int | None = None) -> tuple[int, int, int]:
    return draw.integers(7, 20), draw.integers(7, 20), channels or 4 * draw.integers(1, 4)


def token_row(draw) -> tuple[int, int]:
    return draw.integers(7, 20), 4 * draw.integers(1, 4)


def window(draw) -> dict:
    return {"strides": draw.integers(1, 4), "padding": draw.choice(["same", "valid", 1, 2])}


def kernel(draw):
    return draw.choice([1, 3, 5, (1, 7), (3, 1)])


# For each operation a function that draws the shapes of its inputs, and its arguments

OPERATIONS: dict[str, Callable] = {
    "conv": lambda draw: (
        [feature_map(draw)],
        {"filters": 4 * draw.integers(1, 4), "kernel_size": kernel(draw), "groups": draw.choice([1, 2, 4])}
        | window(draw)
        | {"bias": draw.choice([None, True, False])},
    ),
    "conv_norm_act": lambda draw: (
        [feature_map(draw)],
        {"filters": draw.integers(1, 9), "kernel_size": kernel(draw), "activation": draw.choice([None, "elu", "prelu"])}
        | window(draw),
    ),
    "depthwise": lambda draw: (
        [feature_map(draw)],
        {"kernel_size": kernel(draw), "bias": draw.choice([None, True, False])} | window(draw),
    ),
    "max_pool": lambda draw: (
        [feature_map(draw)],
        {"size": draw.integers(1, 5)} | window(draw) | draw.choice([{}, {"padding": "ceil"}]),
    ),
    "average_pool": lambda draw: ([feature_map(draw)], {"size": draw.integers(1, 5)} | window(draw)),
    "act": lambda draw: ([feature_map(draw)], {"activation": draw.choice([None, "tanh", "prelu"])}),
    "norm": lambda draw: ([draw.choice([feature_map(draw), token_row(draw), (draw.integers(2, 9),)])], {}),
    "dropped": lambda draw: ([feature_map(draw)], {}),
    "stochastic": lambda draw: ([feature_map(draw)], {"position": draw.choice([0.0, 0.5, 1.0])}),
    "to_vector": lambda draw: draw.choice([([feature_map(draw)], {}), ([token_row(draw)], {"prefix": 2})]),
    "to_normalized_vector": lambda draw: draw.choice([([feature_map(draw)], {}), ([token_row(draw)], {"prefix": 1})]),
    "dense_act": lambda draw: ([(draw.integers(2, 9),)], {"units": draw.integers(1, 9)}),
    "zero_pad": lambda draw: (
        [feature_map(draw)],
        {"zeros": (draw.integers(1, 4), draw.choice([2, (0, 1)]))},
    ),
    "crop": lambda draw: ([feature_map(draw)], {"cut": tuple((draw.integers(0, 3), 1) for _ in range(2))}),
    "channel_split": lambda draw: ([feature_map(draw)], {"parts": draw.choice([1, 2, 4])}),
    "channel_shuffle": lambda draw: ([feature_map(draw)], {"groups": draw.choice([1, 2, 4])}),
    "dense": lambda draw: (
        [draw.choice([(draw.integers(2, 9),), token_row(draw)])],
        {"units": draw.integers(1, 9), "bias": draw.choice([True, False])},
    ),
    "flatten": lambda draw: ([feature_map(draw)], {}),
    "global_pool": lambda draw: ([feature_map(draw)], {"kind": draw.choice(["average", "max"])}),
    "add": lambda draw: ([feature_map(draw)] * 2, {}),
    "scale": lambda draw: ([feature_map(draw)], {"factor": 0.1 * draw.integers(1, 9)}),
    "concat": lambda draw: ([[(9, 8, draw.integers(1, 5)) for _ in range(draw.integers(2, 5))]], {}),
    "squeeze_excite": lambda draw: (
        [feature_map(draw)],
        {"reduced": draw.integers(1, 9), "gate": draw.choice(["sigmoid", "hard_sigmoid"])},
    ),
    "local_response_norm": lambda draw: (
        [feature_map(draw)],
        {"radius": draw.integers(1, 4), "bias": 1.0, "alpha": 1e-4, "beta": 0.75},
    ),
    "parameter_free_shortcut": lambda draw: (
        [feature_map(draw)],
        {"filters": 16 + draw.integers(0, 9), "strides": draw.integers(1, 3)},
    ),
    "highway_gate": lambda draw: ([feature_map(draw)] * 2, {}),
    "oriented_gradients": lambda draw: ([(draw.integers(24, 50), draw.integers(24, 50), 3)], {}),
    "pointwise": lambda draw: ([feature_map(draw)], {"filters": draw.integers(1, 9)}),
    "global_response_norm": lambda draw: ([feature_map(draw)], {}),
    "layer_scale": lambda draw: ([draw.choice([feature_map(draw), token_row(draw)])], {"initial_value": 0.1}),
    "tokens": lambda draw: ([feature_map(draw)], {}),
    "tokens_to_map": lambda draw: ([(draw.integers(6, 9), 4)], {"grid": draw.choice([(2, 3), (3, 2)])}),
    "class_token": lambda draw: ([token_row(draw)], {"registers": draw.integers(0, 3)}),
    "position_embedding": lambda draw: ([token_row(draw)], {"grid": (2, 3)}),
    "self_attention": lambda draw: ([token_row(draw)], {"heads": draw.choice([1, 2, 4])}),
    "token_pool": lambda draw: ([token_row(draw)], {"kind": draw.choice(["token", "average", "max"]), "prefix": 2}),
    "auxiliary": lambda draw: ([(3,), [(3,)] * draw.integers(1, 3)], {"weight": 0.3}),
    "logits": lambda draw: ([(draw.integers(2, 9),)], {"num_classes": draw.integers(2, 9)}),
    "apply": lambda draw: ([feature_map(draw)], {}),
    "keras_model": lambda draw: ([feature_map(draw, 3)], {}),
}


def settings(draw, data_format: str) -> dict:
    return {
        "data_format": data_format,
        "activation": draw.choice(["relu", "prelu"]),
        "normalization": draw.choice(NORMALIZATIONS),
        "norm_scale": draw.choice([True, False]),
        "padding": draw.choice(["same", "symmetric"]),
        "dropout": draw.choice([0.0, 0.5]),
        "drop_path": draw.choice([0.0, 0.5]),
        "pooling": draw.choice(["average", "max"]),
    }


class Draw:
    """Random arguments."""

    def __init__(self, *seed: int):
        self.rng = np.random.default_rng(seed)

    def integers(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def choice(self, values):
        return values[self.rng.integers(len(values))]


def each(make: Callable, shapes):
    """`make` of each shape, in the same lists."""
    return [each(make, shape) if isinstance(shape, list) else make(shape) for shape in shapes]


def small_model(data_format: str) -> keras.Model:
    """Two branches that are added, of any size."""
    images = keras.Input((None, None, 3) if data_format == "channels_last" else (3, None, None))
    layers = [
        keras.layers.Conv2D(4, size, padding="same", data_format=data_format, name=f"conv{size}") for size in (1, 3)
    ]
    return keras.Model(images, keras.layers.Add(name="sum")([layer(images) for layer in layers]))


def call(net: Wiring, name: str, inputs: list, arguments: dict):
    if name == "apply":
        layer = keras.layers.Conv2D(3, 3, strides=2, data_format=net.data_format, name="layer")
        return net.apply(layer, *inputs)
    if name == "keras_model":
        return net.keras_model(small_model(net.data_format), *inputs)
    made = getattr(net, name)(*inputs, name="layer", **arguments)
    return made[-1] if isinstance(made, list) else made


def counted(name: str, shapes, arguments: dict, fields: dict) -> tuple[tuple, int, int]:
    """Shape, parameters and MACs by the formulas."""
    net = CostWiring(**{**fields, "data_format": "channels_last"})  # costs are the same in both layouts
    seen = (ReceptiveField(), ReceptiveField())
    output = call(net, name, each(lambda shape: SymbolicTensor(shape, seen), shapes), arguments)
    return output.shape, sum(layer.parameters for layer in net.layers), sum(layer.macs for layer in net.layers)


def made(name: str, shapes, arguments: dict, fields: dict) -> tuple[tuple, int, int]:
    """Shape, parameters and MACs of the Keras layers."""
    last = fields["data_format"] == "channels_last"
    order = [axis - 1 for axis in from_channels_last(fields["data_format"])]

    def tensor(shape):
        return keras.Input(tuple(shape[axis] for axis in order) if len(shape) == 3 else shape)

    inputs = each(tensor, shapes)
    output = call(KerasWiring(**fields), name, inputs, arguments)
    model = keras.Model(tf.nest.flatten(inputs), output)
    shape = output.shape[1:]
    if len(shape) == 3 and not last:
        shape = (*shape[1:], shape[0])
    return tuple(shape), sum(math.prod(weight.shape) for weight in model.trainable_weights), macs_of(model)


def macs_of(model: keras.Model) -> int:
    """From the convolutions and matrix products in the graph that TensorFlow runs for one image."""
    images = [tf.TensorSpec((1, *each.shape[1:]), each.dtype) for each in model.inputs]
    graph = tf.function(lambda *x: model(list(x), training=False), autograph=False).get_concrete_function(*images).graph
    within = [function.graph for function in graph._functions.values()]  # a convolution in groups is a function
    return sum(macs_of_node(node) for each in (graph, *within) for node in each.get_operations())


def macs_of_node(node: tf.Operation) -> int:
    if node.type not in ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2"):
        return 0
    weights = math.prod(node.inputs[1].shape)
    if node.type == "MatMul":
        return weights * int(node.inputs[0].shape[0])
    if node.type == "BatchMatMulV2":
        return math.prod(node.outputs[0].shape) * int(node.inputs[0].shape[-1])
    *_, inputs, outputs = node.inputs[1].shape
    channels = outputs if node.type == "Conv2D" else inputs * outputs
    return weights * math.prod(node.outputs[0].shape) // channels


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.thorough
def test_the_cost_of_an_operation_is_that_of_its_layers(name, data_format):
    for seed in range(DRAWS):
        draw = Draw(seed, list(OPERATIONS).index(name))
        fields = settings(draw, data_format)
        shapes, arguments = OPERATIONS[name](draw)
        expected, found = made(name, shapes, arguments, fields), counted(name, shapes, arguments, fields)
        assert found[:2] == expected[:2], (shapes, arguments, fields)
        if name not in UNCOUNTED:
            assert found[2] == expected[2], (shapes, arguments, fields)
        keras.backend.clear_session(free_memory=False)  # whose collection takes longer than the rest


def test_every_operation_of_the_wiring_is_asked():
    assert {*OPERATIONS, *NO_LAYER} == set(operations())


def test_every_operation_that_a_wiring_makes_is_reached():
    """Those that the operations of `Wiring` are built on, such as `_conv`."""
    reached = set()

    class Recording(CostWiring):
        def __getattribute__(self, name):
            reached.add(name)
            return super().__getattribute__(name)

    for name, case in OPERATIONS.items():
        for seed in range(DRAWS):
            draw = Draw(seed)
            net = Recording(
                **settings(draw, "channels_last") | {"normalization": "batch", "drop_path": 0.5, "dropout": 0.5}
            )
            shapes, arguments = case(draw)
            call(net, name, each(lambda shape: SymbolicTensor(shape, None), shapes), arguments)
    assert set(Wiring.__abstractmethods__) - NO_LAYER <= reached


@pytest.mark.parametrize("wiring", [KerasWiring, CostWiring])
def test_no_wiring_has_an_operation_for_itself(wiring):
    own = {name for name, value in vars(wiring).items() if callable(value) and not name.startswith("_")}
    assert own <= set(operations()), "declare it in Wiring, and make it in both wirings"
    assert set(Wiring.__abstractmethods__) <= set(vars(wiring))
