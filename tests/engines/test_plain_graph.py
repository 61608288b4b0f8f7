"""A graph in plain operations computes what the graph computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.engines.onnx import ONNXEngine
from imgcls.engines.onnx_conversion import convert, write_network
from imgcls.engines.plain_graph import plain_graph
from imgcls.framework_internals import function_with_constants
from imgcls.layers import GlobalResponseNormalization


@tf.custom_gradient
def doubled(x):
    return 2 * x, lambda gradient: gradient


@tf.function(jit_compile=True)
def compiled(x):
    return x * x


def test_it_has_no_functions_that_cannot_be_inlined_and_no_identities():
    function = tf.function(
        lambda x: {"y": compiled(doubled(x) + 3.0)}, input_signature=[tf.TensorSpec((None, 4), tf.float32, "x")]
    )
    constant = function_with_constants(function)
    plain = plain_graph(constant.graph)
    assert "IdentityN" not in {node.op for node in plain.node}
    assert not any("_XlaMustCompile" in node.attr for node in plain.node)
    shapes = {node.name: node.attr["value"].tensor.tensor_shape for node in plain.node if node.op == "Const"}
    added = [shapes[name] for node in plain.node if node.op == "AddV2" for name in node.input if name in shapes]
    assert [len(shape.dim) for shape in added] == [1]
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(plain, name="")
        found = session.run(constant.outputs[0].name, {constant.inputs[0].name: values})
    np.testing.assert_allclose(found, (2 * values + 3) ** 2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2)], ids=["one pixel", "one row"])
def test_squares_of_a_small_map_are_right_in_onnx(shape, tmp_path):
    """A ConvNeXt V2 of images below 64 pixels ends in maps of one pixel, whose norms ONNX Runtime got wrong."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((*shape, 4))
    x = keras.layers.DepthwiseConv2D(3, padding="same")(pixels)
    x = x - keras.ops.mean(x, axis=-1, keepdims=True)
    x = x / keras.ops.sqrt(keras.ops.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    norm = GlobalResponseNormalization()
    x = keras.layers.Conv2D(4, 1, use_bias=False)(norm(keras.layers.Conv2D(16, 1, use_bias=False)(x)))
    norm.gamma.assign(np.linspace(-1, 1, 16))
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels + x))
    write_network(convert({"features": model}), tmp_path / "network.onnx")
    values = np.random.default_rng(0).uniform(0, 1, (3, *shape, 4)).astype(np.float32)
    found = ONNXEngine(tmp_path / "network.onnx").predict(values)["features"]
    np.testing.assert_allclose(found, np.asarray(model(values)), atol=1e-5)
