"""Keras models of every form as networks: the same features, and a sentence for what is none."""

import keras
import numpy as np
import pytest
from keras import layers

from imgcls.explain.network import Network
from imgcls.models import build_model
from imgcls.models.cost import cost_of_network
from imgcls.models.foreign.model_object import architecture_of_model
from imgcls.models.keras_file import load, save
from tests.models.foreign.conftest import SIZE, embedding


def nested(backbone: keras.Model, **call) -> keras.Model:
    """A backbone as one layer of another model, in the way of Keras' guide to transfer learning."""
    images = keras.Input((SIZE, SIZE, 3))
    changes = [layers.RandomFlip("horizontal", name="random_flip"), layers.RandomRotation(0.1, name="random_rotation")]
    changed = keras.Sequential(changes)(images)
    x = backbone(layers.Rescaling(1 / 127.5, -1.0)(changed), **call)
    x = layers.GlobalAveragePooling2D()(x) * 2 + 1  # operations, not layers
    return keras.Model(images, layers.Dense(4, "softmax", name="dense")(layers.Dropout(0.2)(x)))


@pytest.fixture(scope="module")
def backbone(mobilenet):
    return keras.Model(mobilenet.input, mobilenet.get_layer("out_relu").output, name="backbone")


@pytest.mark.thorough
def test_a_nested_backbone_is_taken_apart(backbone, pixels, caplog, tmp_path):
    model = nested(backbone, training=False)
    with caplog.at_level("INFO"):
        ours = build_model(model, num_classes=2, weights="own", preprocessing="own")
    assert "layers random_flip, random_rotation are left out" in caplog.text
    assert "its last layer, dense" in caplog.text
    before_dropout = model.get_layer(index=-3) if hasattr(model.layers[-3], "output") else None
    assert before_dropout is not None
    expected = np.asarray(backbone(pixels / 127.5 - 1)).mean((1, 2)) * 2 + 1
    np.testing.assert_allclose(embedding(ours)(pixels), expected, rtol=1e-3, atol=1e-3)
    assert Network(ours).last_map.name == "out_relu"  # not the backbone as a whole, nor a map before it
    save(ours, tmp_path / "model.keras")
    np.testing.assert_allclose(load(tmp_path / "model.keras")(pixels), ours(pixels), atol=1e-5)


def test_a_shared_layer_is_shared_still():
    images, shared = keras.Input((16, 16, 3)), layers.Conv2D(3, 3, padding="same")
    model = keras.Model(images, shared(shared(images)))
    ours = build_model(model, num_classes=2, weights="own", preprocessing="0-1")
    assert sum(isinstance(layer, layers.Conv2D) for layer in ours.layers) == 1
    ones = np.ones((1, 16, 16, 3), "float32")
    np.testing.assert_allclose(embedding(ours)(255 * ones), np.asarray(model(ones)).mean((1, 2)), rtol=1e-4, atol=1e-5)


def test_of_tokens_the_mean_is_taken(caplog, tmp_path):
    """A small vision transformer as Keras' guides write one."""
    images = keras.Input((16, 16, 3))
    tokens = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4)(images))
    attended = layers.MultiHeadAttention(2, 4)(tokens, tokens)
    model = keras.Model(images, layers.LayerNormalization()(tokens + attended))
    with caplog.at_level("INFO"):
        ours = build_model(model, num_classes=2, weights="own", preprocessing="0-1")
    assert "gives 16 tokens of 8 features; their mean is taken." in caplog.text
    pixels = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 3)).astype("float32")
    np.testing.assert_allclose(embedding(ours)(pixels), np.asarray(model(pixels / 255)).mean(1), rtol=1e-3, atol=1e-5)
    assert np.isfinite(Network(ours).run(pixels).logits).all()
    save(ours, tmp_path / "model.keras")
    np.testing.assert_allclose(load(tmp_path / "model.keras")(pixels), ours(pixels), atol=1e-5)


def test_adapted_statistics_come_along():
    images, norm = keras.Input((16, 16, 3)), layers.Normalization()
    norm.adapt(np.random.default_rng(0).uniform(0, 50, (20, 16, 16, 3)))
    model = keras.Model(images, layers.Conv2D(4, 3)(norm(images)))
    ours = build_model(model, num_classes=2, weights="own", preprocessing="own")
    pixels = np.full((1, 16, 16, 3), 30, "float32")
    np.testing.assert_allclose(embedding(ours)(pixels), np.asarray(model(pixels)).mean((1, 2)), rtol=1e-4, atol=1e-5)


def test_a_model_that_turns_its_images_itself_is_refused_with_what_to_do():
    model = keras.Sequential([keras.Input((3, 24, 24)), layers.Permute((2, 3, 1)), layers.Conv2D(6, 3)])
    with pytest.raises(ValueError, match=r"turns them itself.*Save one that takes 24x24x3"):
        build_model(model, num_classes=2, weights="own", preprocessing="0-1")


def test_channels_first_is_turned(caplog):
    model = keras.Sequential(
        [
            keras.Input((3, 24, 24)),
            layers.Conv2D(6, 3, strides=2, data_format="channels_first"),
            layers.BatchNormalization(axis=1),
            layers.MaxPooling2D(data_format="channels_first"),
        ]
    )
    with caplog.at_level("INFO"):
        ours = build_model(model, num_classes=2, weights="own", preprocessing="0-1")
    assert "is in channels_first; it is used in channels_last" in caplog.text
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 24, 24, 3)).astype("float32")
    expected = np.asarray(model(np.moveaxis(pixels / 255, -1, 1))).mean((2, 3))
    np.testing.assert_allclose(embedding(ours)(pixels), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("tail", "features"),
    [
        ([layers.GlobalAveragePooling2D(), layers.Dense(7, "softmax")], 4),
        ([layers.GlobalAveragePooling2D(), layers.Dropout(0.5), layers.Dense(7), layers.Activation("softmax")], 4),
        ([layers.GlobalMaxPooling2D(keepdims=True), layers.Conv2D(7, 1), layers.Flatten(), layers.Softmax()], 4),
        ([layers.GlobalAveragePooling2D(), layers.Dense(9, "relu")], 9),  # an embedding, not a head
        ([layers.GlobalAveragePooling2D()], 4),
        ([], 4),
    ],
)
def test_a_head_is_taken_off_where_there_is_one(tail, features):
    model = keras.Sequential([keras.Input((16, 16, 1)), layers.Conv2D(4, 3), *tail])
    ours = build_model(model, num_classes=2, weights="own", preprocessing="0-1")
    assert ours.get_layer("embedding").output.shape == (None, features)


def test_the_pixels_are_those_that_were_named():
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, layers.Identity()(images))
    pixels = np.broadcast_to(np.array([255, 127.5, 0], "float32"), (1, 8, 8, 3))
    for name, expected in {
        "0-1": (1, 0.5, 0),
        "plus-minus-1": (1, 0, -1),
        "0-255": (255, 127.5, 0),
        "own": (255, 127.5, 0),
        "caffe": (0 - 103.939, 127.5 - 116.779, 255 - 123.68),
        "imagenet": ((1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, -0.406 / 0.225),
    }.items():
        ours = build_model(model, num_classes=2, preprocessing=name)
        np.testing.assert_allclose(np.asarray(embedding(ours)(pixels))[0], expected, rtol=1e-4, atol=1e-4)


def test_the_table_of_costs_counts_its_layers(mobilenet):
    cost = cost_of_network(architecture_of_model(mobilenet), {}, num_classes=2)
    ours = build_model(mobilenet, num_classes=2, preprocessing="0-1")
    assert cost.parameters == sum(weight.numpy().size for weight in ours.trainable_weights)


class Subclassed(keras.Model):
    def call(self, images):
        return images


def model_of(shape, make) -> keras.Model:
    images = keras.Input(shape)
    return keras.Model(images, make(images))


BAD = {
    r"is a subclassed model, so its layers cannot be seen": lambda: Subclassed(),
    r"has no input shape yet": lambda: keras.Sequential([layers.Conv2D(3, 3)]),
    r"has 2 inputs \(": lambda: keras.Model([a := keras.Input((8, 8, 3)), keras.Input((2,))], a * 1),
    r"has 2 outputs \(": lambda: model_of((8, 8, 3), lambda x: [x * 1, x * 2]),
    r"takes \(12\); expected images": lambda: model_of((12,), lambda x: x * 1),
    r"takes images of 4 channels; expected 1 or 3": lambda: model_of((8, 8, 4), lambda x: x * 1),
    r"takes images of 8x16x3; expected a square": lambda: model_of((8, 16, 3), lambda x: x * 1),
    r"gives \(4, 4, 4, 3\); expected a vector": lambda: model_of((8, 8, 3), lambda x: layers.Reshape((4, 4, 4, 3))(x)),
}


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_used_is_one_sentence(said):
    with pytest.raises(ValueError, match=said) as caught:
        build_model(BAD[said](), num_classes=2, preprocessing="0-1")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "keywords"),
    [
        ("Nothing in .* says which pixels it was trained with. Name them with --preprocessing: 0-1", {}),
        ("no preprocessing '0_1'. Did you mean '0-1'", {"preprocessing": "0_1"}),
        ("--activation changes the layers of imgcls's own networks", {"preprocessing": "own", "activation": "elu"}),
        ("takes images of 64x64, not 96x96. Choose --image-size", {"preprocessing": "own", "input_shape": (96, 96, 3)}),
        ("of 3 channels, not 1. Choose --color rgb", {"preprocessing": "own", "input_shape": (64, 64, 1)}),
        ("no weights 'imagenet'. There are: own, none", {"preprocessing": "own", "weights": "imagenet"}),
    ],
)  # fmt: skip
def test_what_a_keras_model_cannot_have_is_said(mobilenet, said, keywords):
    with pytest.raises(ValueError, match=said):
        build_model(mobilenet, num_classes=2, **keywords)


def test_our_own_networks_take_no_preprocessing():
    with pytest.raises(ValueError, match="--preprocessing 0-1 is for Keras models; lenet5 is a network of imgcls"):
        build_model("lenet5", num_classes=2, preprocessing="0-1")
