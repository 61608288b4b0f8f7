"""Networks that ask for what a server lacks: one saved by Keras, and single nodes."""

from collections.abc import Callable
from dataclasses import replace

import keras
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.core.framework.op_def_pb2 import OpDef

from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.serving.compatibility.graph_check import check_saved_model, find_lacks
from imgcls.serving.compatibility.operation_table import OperationTable, read_table
from imgcls.serving.compatibility.targets import list_targets
from imgcls.serving.formats import find_format
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING, exported

JPEG_XL = {"contents": b"", "channels": 1}


class Glimpse(layers.Layer):
    """The first image of a batch in a list that TensorFlow 2.21 indexes by 64 bits."""

    def call(self, x):
        shape = tf.constant(list(x.shape[1:]), tf.int64)
        images = tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=shape)
        return x + tf.raw_ops.TensorListGetItem(
            input_handle=images, index=0, element_shape=shape, element_dtype=tf.float32
        )


class Stamp(layers.Layer):
    """Adds a JPEG XL image, which TensorFlow decodes since 2.21, to each image by itself."""

    def call(self, x):
        return tf.map_fn(lambda image: image + tf.reduce_sum(tf.cast(tf.raw_ops.DecodeJxl(**JPEG_XL), tf.float32)), x)


class Python(layers.Layer):
    """Calls NumPy."""

    def call(self, x):
        return tf.ensure_shape(tf.numpy_function(lambda pixels: pixels, [x], tf.float32), x.shape)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A SavedModel whose layers ask for all of it, and the names of its layers."""
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = PixelStandardization((72.9,), (90.0,), preprocessing=PREPROCESSING.to_dict(), name="standardization")(pixels)
    x = keras.Sequential([Glimpse(name="glimpse_1"), Stamp(name="stamp")], name="oddities")(x)
    x = layers.GlobalAveragePooling2D(name="embedding")(Python(name="python")(x))
    x = ClassProbabilities(CLASS_NAMES, name="probabilities")(layers.Dense(len(CLASS_NAMES), name="logits")(x))
    classifier = exported(keras.Model(pixels, x, name="odd"))
    folder = tmp_path_factory.mktemp("odd") / "1"
    find_format("saved_model").write(folder, classifier)
    return folder, classifier.layer_names


def test_what_the_server_lacks_is_named_with_the_layer_that_asks_for_it(odd):
    with pytest.raises(ValueError, match=r"^TensorFlow Serving 2\.20 cannot load this bundle: ") as refused:
        check_saved_model(odd[0], "2.20", odd[1])
    assert "the layer 'glimpse_1' asks for the operation TensorListGetItem with the attribute Tshape = int64;" in str(
        refused.value
    )
    assert "the layer 'stamp' asks for the operation DecodeJxl (TensorFlow has it since 2.21)" in str(refused.value)
    assert str(refused.value).count("'stamp'") == 1  # in five signatures, and said once


def test_python_is_refused_whatever_the_server_is(odd):
    newest = list_targets()[-1]
    with pytest.raises(ValueError, match=r"'python' asks for a Python function .* which no server runs") as refused:
        check_saved_model(odd[0], newest, odd[1])
    assert "stamp" not in str(refused.value)
    assert str(refused.value).endswith("Build the network without it.")


def test_a_bundle_of_an_ordinary_network_fits_every_server(bundle_path):
    for version in list_targets():
        found = check_saved_model(bundle_path, version)
        assert found["version"] == version
        assert 80 < found["operations"] < 150
        assert found["unread_formats"] == (["WebP"] if version == "2.19" else [])


def graph_of(*nodes: tuple[str, dict[str, object]]) -> tf.compat.v1.GraphDef:
    graph = tf.compat.v1.GraphDef()
    for place, (operation, types) in enumerate(nodes):
        node = graph.node.add(name=f"network/layer_{place}/it", op=operation)
        for name, kind in types.items():
            node.attr[name].type = tf.as_dtype(kind).as_datatype_enum
    return graph


@pytest.mark.parametrize(
    ("node", "version", "lack"),
    [
        (("GatherRows", {}), "2.20", "the operation GatherRows (a custom operation, which no server has)"),
        (("DecodeWebP", {}), "2.19", "the operation DecodeWebP (TensorFlow has it since 2.20)"),
        (("DecodeWebP", {}), "2.20", ""),
        (("Range", {"Tidx": tf.uint64}), "2.19", "the operation Range for Tidx = uint64"),
        (("Range", {"Tidx": tf.uint64}), "2.20", ""),
        (("Relu", {"T": tf.string}), "2.21", "the operation Relu for T = string"),
        (("Relu", {"T": tf.float32, "_note": tf.string}), "2.20", ""),
    ],
)
def test_single_nodes(node, version, lack):
    found = find_lacks(graph_of(node), read_table(version), ["layer_0"])
    assert list(found) == ([("the layer 'layer_0'", lack)] if lack else [])


def changed(version: str, change: Callable[[OpDef], None]) -> OperationTable:
    """A release whose Conv2D is another one, as no release so far has."""
    table = read_table(version)
    operation = OpDef()
    operation.CopyFrom(table.operations["Conv2D"])
    change(operation)
    return replace(table, operations={**table.operations, "Conv2D": operation})


def test_an_operation_that_means_something_else_there():
    def in_channels_first(operation: OpDef) -> None:
        next(each for each in operation.attr if each.name == "data_format").default_value.s = b"NCHW"

    graph = graph_of(("Conv2D", {"T": tf.float32}))
    for node in graph.node:
        node.attr["strides"].list.i.extend([1, 1, 1, 1])
        node.attr["padding"].s = b"SAME"
    assert not find_lacks(graph, read_table("2.20"))
    for change, lack in (
        (in_channels_first, "the operation Conv2D with another default of data_format"),
        (lambda operation: operation.input_arg.add(name="bias"), "the operation Conv2D with other inputs or outputs"),
    ):
        assert list(find_lacks(graph, changed("2.20", change))) == [("the graph", lack)]
    graph.node[0].attr["padding"].s = b"MIRROR"
    (found,) = find_lacks(graph, read_table("2.20"))
    assert found[1] == 'the operation Conv2D for padding = s: "MIRROR"'


def test_a_graph_that_is_too_new():
    graph = graph_of()
    graph.versions.min_consumer = 2300  # TensorFlow 2.20 reads up to 2288
    lack = "version 2300 of graphs; it reads up to 2288"
    assert list(find_lacks(graph, read_table("2.20"))) == [("the graph", lack)]
    assert not find_lacks(graph, read_table("2.21"))
