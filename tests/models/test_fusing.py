"""A network whose GELUs are fused answers as before, and only what may be fused is."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls import layers as ours
from imgcls.framework_internals import graph_with_constants
from imgcls.models import build_model
from imgcls.models.computed_in import in_bfloat16
from imgcls.models.fusing import DenseGELU, fuse_gelu
from tests.models.conftest import give_random_weights
from tests.models.same_answers import check, images_for


@pytest.mark.parametrize(("name", "count"), [("convnext_atto", 12), ("convnextv2_atto", 12), ("vit_tiny_patch16", 12)])
def test_each_gelu_of_a_published_network_is_fused(name, count):
    model = build_model(name, (32, 32, 3), num_classes=4)
    give_random_weights(model, images_for(model))
    fused = check(fuse_gelu, model)
    assert [layer.name for layer in fused.layers] == [layer.name for layer in model.layers]
    assert sum(isinstance(layer, DenseGELU) for layer in fused.layers) == count
    assert not any(isinstance(layer, ours.GELU) for layer in fused.layers)


def test_tensorflow_computes_product_bias_and_gelu_in_one_operation():
    """Which is why it is done: with another order of the operations its remapper would not find them."""
    pixels = keras.Input((8, 8, 4))
    fused = fuse_gelu(keras.Model(pixels, ours.GELU()(ours.PointwiseConv2D(6)(pixels))))
    kinds = [
        node.type
        for node in graph_with_constants(tf.function(fused, [tf.TensorSpec((None, 8, 8, 4))])).get_operations()
    ]
    chain = [kind for kind in kinds if kind in ("MatMul", "BiasAdd", "Erf", "AddV2", "Mul", "Reshape")]
    assert chain.index("BiasAdd") == chain.index("MatMul") + 1
    assert "Reshape" not in chain[chain.index("MatMul") : chain.index("Erf")]


@pytest.mark.usefixtures("bfloat16")
def test_it_is_computed_in_bfloat16_too():
    model = build_model("convnext_atto", (32, 32, 3), num_classes=4)
    give_random_weights(model, images_for(model))
    fused = in_bfloat16(fuse_gelu(model))
    assert fused.get_layer("stage1_block1_expand_conv").compute_dtype == "bfloat16"
    np.testing.assert_allclose(fused(images_for(model)), model(images_for(model)), atol=0.05)


def test_a_network_without_a_gelu_is_left_as_it_is():
    model = build_model("resnet20", class_names=["a", "b"])
    assert fuse_gelu(model) is model


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.Dense(4, use_bias=False),
        lambda: keras.layers.Dense(4, "relu"),
        lambda: ours.Conv2D(4, 1),
        lambda: ours.PointwiseConv2D(4, strides=2),
        lambda: ours.PointwiseConv2D(4, groups=2),
    ],
)
def test_what_is_no_fully_connected_layer_with_a_bias_stays(layer):
    pixels = keras.Input((8, 8, 4))
    model = keras.Model(pixels, ours.GELU()(layer()(pixels)))
    assert fuse_gelu(model) is model


def test_a_map_that_something_else_reads_too_stays():
    pixels = keras.Input((8, 8, 4))
    x = ours.PointwiseConv2D(4)(pixels)
    model = keras.Model(pixels, keras.layers.Add()([x, ours.GELU()(x)]))
    assert fuse_gelu(model) is model
