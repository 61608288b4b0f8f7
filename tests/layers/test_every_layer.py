"""Every layer answers the same questions, in both layouts."""

import inspect
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls import layers

pytestmark = pytest.mark.filterwarnings(  # Keras 3.15 copies its variables in the way of NumPy 1 when it saves them
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
LAYOUTS = ("channels_last", "channels_first")


@dataclass(frozen=True)
class Case:
    """A layer and what it is asked with; shapes are channels_last."""

    layer: type
    arguments: dict = field(default_factory=dict)
    shapes: tuple = ((8, 8, 4),)  # of each input, without the batch
    input_format: str = ""  # of the input, where the layer's data_format does not say it
    output_format: str = ""  # of the output, likewise
    is_float32: bool = False  # computes in float32 whatever the model's precision

    def make(self, data_format: str) -> keras.Layer:
        if "data_format" in inspect.signature(self.layer.__init__).parameters:
            return self.layer(**self.arguments, data_format=data_format)
        return self.layer(**self.arguments)

    def inputs(self, data_format: str) -> list[np.ndarray]:
        random = np.random.default_rng(0)
        images = [random.normal(size=(3, *shape)).astype("float32") for shape in self.shapes]
        return [into(image, self.input_format or data_format) for image in images]

    def outputs_last(self, outputs, data_format: str) -> np.ndarray:
        outputs = np.asarray(as_one(outputs))
        return out_of(outputs, self.output_format or data_format)


def as_one(outputs):
    """The outputs as one float32 tensor: (B, ...), or all columns of a layer with several outputs."""
    if not isinstance(outputs, dict):
        return tf.cast(outputs, "float32")
    columns = [tf.reshape(tf.cast(each, "float32"), (len(each), -1)) for each in outputs.values()]
    return tf.concat(columns, axis=1)


def into(image, data_format: str):
    """A channels_last batch in `data_format`."""
    return np.moveaxis(image, -1, 1) if data_format == "channels_first" and image.ndim == 4 else image


def out_of(image, data_format: str):
    """A batch of `data_format` in channels_last."""
    return np.moveaxis(image, 1, -1) if data_format == "channels_first" and image.ndim == 4 else image


CASES = [
    Case(layers.BlurPooling2D, {"kernel_size": 3}),
    Case(layers.BlurPooling2D, {"kernel_size": 4, "strides": 3}),
    Case(layers.CeilMaxPooling2D, {"pool_size": 3, "strides": 2}, ((8, 7, 4),)),
    Case(layers.CeilMaxPooling2D, {"pool_size": (2, 4), "strides": 3}, ((7, 9, 4),)),
    Case(layers.ChannelPooling, {"pool_size": 2, "mode": "average"}),
    Case(layers.ChannelShuffle, {"groups": 2}, ((5, 6, 6),)),
    Case(layers.ChannelSlice, {"start": 1, "count": 2}),
    Case(layers.ClassProbabilities, {"class_names": ["a", "b", "c"], "temperature": 2.0}, ((3,),), is_float32=True),
    Case(layers.Conv2D, {"filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"}),
    Case(layers.Conv2D, {"filters": 6, "kernel_size": 3}),
    Case(layers.Conv2DTranspose, {"filters": 16, "kernel_size": 2, "strides": 2}),
    Case(layers.DepthwiseConv2D, {"kernel_size": 3, "padding": "same", "depth_multiplier": 2}),
    Case(layers.ClassToken, {}, ((5, 8),)),
    Case(layers.ClassToken, {"registers": 2}, ((5, 8),)),
    Case(layers.GELU),
    Case(layers.GlobalResponseNormalization, {}, ((5, 8, 4),)),
    Case(layers.HOG, {"orientations": 4, "pixels_per_cell": (4, 5), "cells_per_block": (2, 1)}, ((9, 11, 3),),
         is_float32=True),
    Case(layers.HOG, {"pixels_per_cell": (4, 4), "cells_per_block": (1, 2), "transform_sqrt": True, "flatten": False,
                      "block_norm": "L1-sqrt"}, ((9, 8, 1),), is_float32=True),
    Case(layers.HighwayGate, {}, ((8, 8, 8), (8, 8, 8))),
    Case(layers.HighwayGate, {"coupled": False, "kernel_size": 1}, ((8, 8, 4), (8, 8, 4))),
    Case(layers.Judgement, {"num_classes": 4, "set_method": "raps", "penalty": 0.1, "free_classes": 1,
                            "unknown_method": "mahalanobis",
                            "unknown_shapes": {"mean": [6], "components": [2, 6], "variances": [2],
                                               "residual_variance": [], "class_means": [4, 2]}},
         ((4,), (4,), (6,)), is_float32=True),
    Case(layers.Judgement, {"num_classes": 4, "unknown_method": "knn", "unknown_shapes": {"bank": [7, 6]},
                            "neighbors": 2}, ((4,), (4,), (6,)), is_float32=True),
    Case(layers.KerasOperation, {"operation": {"module": "keras.src.ops.numpy", "class_name": "Multiply",
                                               "config": {"name": "double"}, "registered_name": "Multiply"},
                                 "arguments": [{"__input__": 0}, 2.0]}),
    Case(layers.LayoutChange, {"source": "channels_last", "target": "channels_first"}, ((8, 6, 4),),
         input_format="channels_last", output_format="channels_first"),
    Case(layers.LayoutChange, {"source": "channels_first", "target": "channels_last"}, ((8, 6, 4),),
         input_format="channels_first", output_format="channels_last"),
    Case(layers.LayerNormalization, {"scale": False}),
    Case(layers.LayerNormalization, {"epsilon": 1e-3}, ((5, 5, 12),)),
    Case(layers.LayerNormalization, {}, ((5, 12),)),
    Case(layers.LayerNormalization, {}, ((12,),)),
    Case(layers.LayerScale, {"initial_value": 0.5}),
    Case(layers.LayerScale, {}, ((5, 8),)),
    Case(layers.LocalResponseNormalization, {"alpha": 0.1}, ((5, 5, 12),)),
    Case(layers.MapToTokens, {}, ((4, 6, 8),)),
    Case(layers.Maxout, {"pieces": 2}),
    Case(layers.PCAWhitening, {"mode": "channels", "kind": "zca", "n_components": 3}, is_float32=True),
    Case(layers.PCAWhitening, {"mode": "image", "n_components": 5}, ((4, 5, 3),), is_float32=True),
    Case(layers.PCAWhitening, {"mode": "image", "kind": "zca", "epsilon": 0.1}, ((4, 5, 3),), is_float32=True),
    Case(layers.PCAWhitening, {"mode": "patches", "patch_size": 3, "strides": 2}, ((7, 8, 2),), is_float32=True),
    Case(layers.PReLU, {"alpha_regularizer": "l2"}),
    Case(layers.PReLU, {}, ((5, 8),)),
    Case(layers.ParameterFreeShortcut, {"filters": 9, "strides": 2}, ((7, 7, 4),)),
    Case(layers.PixelStandardization, {"mean": (1.0, 2.0, 3.0, 4.0), "std": (2.0,), "preprocessing": {"height": 8}},
         input_format="channels_last", is_float32=True),
    Case(layers.PointwiseConv2D, {"filters": 6}),
    Case(layers.PositionEmbedding, {"grid": (2, 3)}, ((7, 8),)),
    Case(layers.RReLU, {"lower": 0.2, "seed": 3}),
    Case(layers.ReflectPadding2D, {"padding": ((1, 2), (3, 0))}),
    Case(layers.ReversedChannels),
    Case(layers.SelfAttention, {"num_heads": 2, "kernel_regularizer": "l2"}, ((5, 8),)),
    Case(layers.SeparableConv2D, {"filters": 8, "kernel_size": 3, "padding": "same"}),
    Case(layers.SqueezeExcitation, {"reduced_filters": 2, "gate_activation": "hard_sigmoid"}),
    Case(layers.SqueezeExcitation, {"reduced_filters": 2, "activation": "prelu", "kernel_regularizer": "l2"}),
    Case(layers.StochasticDepth, {"rate": 0.3, "seed": 5}),
    Case(layers.SumPooling2D, {"pool_size": (2, 3), "strides": (1, 2)}),
    Case(layers.TokenPooling, {"mode": "token"}, ((5, 8),)),
    Case(layers.TokenPooling, {"mode": "average", "prefix": 2}, ((5, 8),)),
    Case(layers.TokenPooling, {"mode": "max"}, ((5, 8),)),
    Case(layers.TokensToMap, {"grid": (2, 3)}, ((7, 8),)),
]  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.layer.__name__)
def case(request) -> Case:
    return request.param


@pytest.fixture(params=LAYOUTS)
def data_format(request) -> str:
    return request.param


def one_or_all(inputs: list):
    return inputs if len(inputs) > 1 else inputs[0]


def randomize(layer: keras.Layer) -> None:
    """Weights that no two channels share, so that a mistaken axis shows."""
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.1, 0.9, size=weight.shape) for weight in layer.get_weights()])


def built(case: Case, data_format: str) -> keras.Layer:
    layer = case.make(data_format)
    layer(one_or_all(case.inputs(data_format)))
    randomize(layer)
    return layer


def outputs_and_gradients(layer: keras.Layer, inputs: list):
    inputs = [tf.convert_to_tensor(each) for each in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(one_or_all(inputs))
        values = as_one(outputs)
        values /= tf.stop_gradient(tf.maximum(1.0, tf.reduce_max(tf.abs(values))))  # a sine of hundreds is all rounding
        loss = tf.reduce_sum(tf.sin(values))
    wanted = [inputs, [weight.value for weight in layer.trainable_weights]]
    return outputs, tape.gradient(loss, wanted, unconnected_gradients="zero")


def test_config_names_every_argument_and_makes_an_equal_layer(case, data_format):
    layer = case.make(data_format)
    config = layer.get_config()
    arguments = set(inspect.signature(case.layer.__init__).parameters) - {"self", "kwargs"}
    assert arguments <= set(config)
    assert case.layer.from_config(config).get_config() == config
    for name, value in case.arguments.items():
        if isinstance(value, int | float | dict):
            assert np.all(np.asarray(config[name]) == np.asarray(value))


@pytest.mark.thorough
def test_saved_and_loaded_gives_equal_output(case, data_format, tmp_path):
    inputs = case.inputs(data_format)
    symbols = [keras.Input(each.shape[1:]) for each in inputs]
    model = keras.Model(symbols, case.make(data_format)(one_or_all(symbols)))
    randomize(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(as_one(loaded(inputs)), as_one(model(inputs)))
    assert type(loaded.layers[-1]) is case.layer


def test_both_layouts_agree_forward_and_in_every_gradient(case):
    last, first = built(case, "channels_last"), built(case, "channels_first")
    for one, other in zip(last.weights, first.weights, strict=True):
        assert one.shape == other.shape
    y_last, (dx_last, dw_last) = outputs_and_gradients(last, case.inputs("channels_last"))
    y_first, (dx_first, dw_first) = outputs_and_gradients(first, case.inputs("channels_first"))
    close(case.outputs_last(y_last, "channels_last"), case.outputs_last(y_first, "channels_first"))
    for one, other in zip(dx_last, dx_first, strict=True):
        close(
            out_of(np.asarray(one), case.input_format or "channels_last"),
            out_of(np.asarray(other), case.input_format or "channels_first"),
        )
    for one, other in zip(dw_last, dw_first, strict=True):
        close(one, other)


@pytest.mark.parametrize(
    "data_format", ["channels_last", pytest.param("channels_first", marks=pytest.mark.slow)]
)  # it takes seconds to compile, and both layouts are compared above
@pytest.mark.thorough
def test_xla_gives_the_output_and_gradients_of_eager(case, data_format):
    layer, inputs = built(case, data_format), case.inputs(data_format)
    eager = outputs_and_gradients(layer, inputs)
    compiled = tf.function(outputs_and_gradients, jit_compile=True)(layer, inputs)
    for one, other in zip(tf.nest.flatten(eager), tf.nest.flatten(compiled), strict=True):
        close(one, other)


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.thorough
def test_mixed_precision_stays_near_float32(case, data_format):
    inputs = case.inputs(data_format)
    expected = built(case, data_format)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = case.make(data_format)
        outputs = layer(one_or_all(inputs))
        layer.set_weights(expected.get_weights())
        outputs = layer(one_or_all(inputs))
    finally:
        keras.config.set_dtype_policy("float32")
    types = {each.dtype for each in tf.nest.flatten(outputs)} - {tf.int32, tf.bool}
    assert types == {tf.float32 if case.is_float32 else tf.bfloat16}
    assert all(weight.dtype == "float32" for weight in layer.trainable_weights)
    close(as_one(outputs), as_one(expected(one_or_all(inputs))), tolerance=0.03)


def test_output_shape_is_known_before_the_batch_and_the_image_are(case, data_format):
    inputs = case.inputs(data_format)
    layer = case.make(data_format)
    shapes = [(None, *each.shape[1:]) for each in inputs]
    expected = [each.shape[1:] for each in outputs_of(layer(one_or_all(inputs)))]
    computed = layer.compute_output_shape(one_or_all(shapes))
    computed = list(computed.values()) if isinstance(computed, dict) else [computed]
    assert [tuple(shape)[1:] for shape in computed] == [tuple(shape) for shape in expected]
    unknown = outputs_of(layer(one_or_all([keras.Input(shape[1:]) for shape in shapes])))
    assert [each.shape for each in unknown] == [(None, *shape) for shape in expected]
    single = outputs_of(layer(one_or_all([each[:1] for each in inputs])))
    assert [each.shape for each in single] == [(1, *shape) for shape in expected]


def outputs_of(outputs) -> list:
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


def close(one, other, tolerance: float = 1e-4) -> None:
    """Equal up to `tolerance` of the largest value."""
    one, other = np.asarray(one), np.asarray(other)
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * np.abs(one).max())


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    "layer", [layers.RReLU, lambda **kwargs: layers.StochasticDepth(0.5, **kwargs)], ids=["RReLU", "depth"]
)
def test_each_step_draws_anew_in_graphs_and_in_half_precision(layer, jit_compile):
    layer = layer(seed=0, dtype="mixed_bfloat16")
    step = tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)
    images = np.full((64, 2, 2, 1), -1.0, "float32")
    first, second = step(images), step(images)
    assert first.dtype == "bfloat16"
    assert np.any(tf.cast(first, "float32") != tf.cast(second, "float32"))
