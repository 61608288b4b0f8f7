import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import architecture, build_model, describe, find_architecture, list_models
from imgcls.models.classifier import class_names, embedding_model
from imgcls.models.layout_choice import resolve_data_format

NAMES = ["a", "b", "c"]
SHAPE = (32, 32, 3)


@architecture("test_net", image_size=32)
def net_of_a_user(net, x):
    for stage, filters in enumerate((8, 16), start=1):
        x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}")
        x = net.stochastic(net.dropped(x, name=f"stage{stage}_dropout"), stage / 2, name=f"stage{stage}_drop")
    return x


def pixels(count: int = 2, shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, *shape)).astype("float32")


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_an_architecture_of_a_user_has_all_that_ours_have():
    assert "test_net" in list_models()
    assert describe("test_net", SHAPE, 3).parameters == 8 * 27 + 16 + 16 * 72 + 32 + 51
    for data_format in ("channels_last", "channels_first"):
        assert build_model("test_net", SHAPE, NAMES, data_format=data_format)(pixels()).shape == (2, 3)
    with pytest.raises(ValueError, match="exists already"):
        architecture("test_net", image_size=32)(net_of_a_user)


@pytest.mark.parametrize(
    ("options", "layer", "there"),
    [
        ({"normalization": "group"}, "GroupNormalization", True),
        ({"normalization": "layer"}, "GroupNormalization", True),
        ({"normalization": "none"}, "BatchNormalization", False),
        ({"activation": "prelu"}, "PReLU", True),
        ({"activation": "very_leaky_relu"}, "LeakyReLU", True),
        ({"dropout": 0.5}, "Dropout", True),
        ({}, "Dropout", False),
        ({"drop_path": 0.5}, "StochasticDepth", True),
        ({"pooling": "max"}, "GlobalMaxPooling2D", True),
    ],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_what_a_user_chooses_is_built_in_both_layouts(options, layer, there, data_format):
    model = build_model("test_net", SHAPE, NAMES, data_format=data_format, **options)
    assert (layer in kinds(model)) is there
    assert np.isfinite(model(pixels(), training=True)).all()


def test_a_bias_takes_the_place_of_a_normalisation():
    assert build_model("test_net", SHAPE, NAMES, normalization="none").get_layer("stage1_conv").use_bias
    assert not build_model("test_net", SHAPE, NAMES).get_layer("stage1_conv").use_bias


def test_penalties_and_initialisers_by_name():
    model = build_model("test_net", SHAPE, NAMES, regularizer="l1", regularizer_strength=0.5, initializer="orthogonal")
    kernel = model.get_layer("stage2_conv").kernel
    matrix = keras.ops.convert_to_numpy(kernel).reshape(-1, 16)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(16), atol=1e-4)
    every = [w for w in model.trainable_weights if w.name == "kernel"]
    expected = 0.5 * sum(np.abs(w.numpy()).sum() for w in every)
    assert float(tf.add_n(model.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization": "bach"}, "normalization is 'bach'"),
        ({"activation": "reluu"}, "Did you mean 'relu'"),
        ({"initializer": "he_norml"}, "Did you mean 'he_normal'"),
        ({"regularizer": "l3"}, "Unknown regularizer"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"data_format": "NCHW"}, "data_format is 'NCHW'"),
        ({"auxiliary_heads": True}, "has no auxiliary heads"),
        ({"num_classes": 4}, "num_classes is 4 and class_names has 3"),
        ({"weights": "imagenet"}, "no weights 'imagenet'"),
    ],
)
def test_a_wrong_choice_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        build_model("test_net", SHAPE, NAMES, **options)


def test_weights_that_are_not_there_are_refused_with_an_example_of_the_same_network():
    with pytest.raises(ValueError, match=r"none, a name .* such as timm:convnext_atto\.d2_in1k, or the path"):
        build_model("convnext_atto", SHAPE, NAMES, weights="imagenet")
    with pytest.raises(ValueError, match="There are: none, or the path"):
        build_model("resnet20", SHAPE, NAMES, weights="imagenet")


def test_an_unknown_architecture():
    with pytest.raises(ValueError, match="Did you mean 'resnet50'"):
        find_architecture("ResNet-50")


def test_images_that_are_too_small():
    with pytest.raises(ValueError, match="too small for inception_v3"):
        build_model("inception_v3", SHAPE, NAMES)


def test_classes_without_names_are_numbers():
    assert class_names(build_model("test_net", SHAPE, num_classes=2)) == ["0", "1"]
    with pytest.raises(ValueError, match="give class_names or num_classes"):
        build_model("test_net", SHAPE)


def test_without_a_top_both_layouts_give_the_map_in_channels_last():
    last = build_model("test_net", SHAPE, include_top=False, pooling="none")
    first = build_model("test_net", SHAPE, include_top=False, pooling="none", data_format="channels_first")
    first.set_weights(last.get_weights())
    assert last.output_shape == first.output_shape == (None, 8, 8, 16)
    np.testing.assert_allclose(last(pixels()), first(pixels()), rtol=1e-4, atol=1e-5)
    pooled = build_model("test_net", SHAPE, include_top=False)
    pooled.set_weights(last.get_weights())
    np.testing.assert_allclose(pooled(pixels()), np.mean(last(pixels()), axis=(1, 2)), rtol=1e-4, atol=1e-5)


def test_a_deeper_vgg_starts_from_a_shallower_one_as_in_the_paper(caplog):
    caplog.set_level(logging.INFO, "imgcls")
    shallow = build_model("vgg11", SHAPE, NAMES)
    deep = build_model("vgg13", SHAPE, NAMES, init_from=shallow)
    same = {
        layer.name
        for layer in deep.layers
        if layer.weights
        and layer.name in {other.name for other in shallow.layers}
        and np.array_equal(layer.get_weights()[0], shallow.get_layer(layer.name).get_weights()[0])
    }
    first_four = {"stage1_1_conv", "stage2_1_conv", "stage3_1_conv", "stage3_2_conv"}
    assert same == {*first_four, "fc1_dense", "fc2_dense", "logits"}
    assert any(sentence.startswith("7 of 13 layers") for sentence in caplog.messages)
    with pytest.raises(ValueError, match="No layer of test_net"):
        build_model("test_net", SHAPE, ["a"], init_from=shallow)


def test_a_saved_model_gives_its_weights_to_another(tmp_path):
    first = build_model("test_net", SHAPE, NAMES)
    first.save(tmp_path / "model.keras")
    again = build_model("test_net", SHAPE, NAMES, weights=tmp_path / "model.keras", data_format="channels_first")
    np.testing.assert_allclose(again(pixels()), first(pixels()), rtol=1e-4)
    other = build_model("test_net", SHAPE, ["x", "y"], weights=tmp_path / "model.keras")
    np.testing.assert_array_equal(embedding_model(other)(pixels()), embedding_model(first)(pixels()))
    with pytest.raises(ValueError, match="holds a test_net; expected a lenet5"):
        build_model("lenet5", SHAPE, NAMES, weights=tmp_path / "model.keras")


@pytest.mark.parametrize("content", [b"<html>not found</html>" * 50, b"\x89HDF\r\n\x1a\n cut off"])
def test_what_is_no_keras_weight_file_is_refused(content, tmp_path):
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.h5"):
        build_model("mobilenet_v2_035", SHAPE, weights=path)


def test_auto_says_which_layout_it_picked(caplog):
    caplog.set_level(logging.INFO, "imgcls")
    model = build_model("test_net", SHAPE, NAMES, data_format="auto")
    assert model.get_layer("standardization").data_format == resolve_data_format("auto").data_format
    assert resolve_data_format("auto").reason in caplog.messages
