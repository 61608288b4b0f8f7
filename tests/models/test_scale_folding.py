"""A network whose scales are folded answers as before, and only what may be folded is."""

import keras
import numpy as np
import pytest
from keras import layers

from imgcls import layers as ours
from imgcls.models import build_model
from imgcls.models.classifier import embedding_model
from imgcls.models.inference_form import inference_form
from imgcls.models.scale_folding import fold_scales
from tests.models.conftest import give_random_weights
from tests.models.same_answers import check, images_for


def scaled(model: keras.Model) -> list[str]:
    """The layers that still multiply each channel by a number of its own."""
    kinds = (ours.LayerNormalization, ours.LayerScale)
    return [layer.name for layer in model.layers if isinstance(layer, kinds) and layer.weights]


@pytest.mark.parametrize(
    ("name", "left"),
    [("convnext_atto", 2), ("convnextv2_atto", 2), pytest.param("vit_tiny_patch16", 13, marks=pytest.mark.thorough)],
)
def test_those_of_a_published_network_are_folded(name, left):
    model = build_model(name, (32, 32, 3), num_classes=4)
    give_random_weights(model, images_for(model))
    folded = check(fold_scales, model)
    assert len(scaled(folded)) == left  # the stem's, or those before attention, which heat maps read; and the last
    np.testing.assert_allclose(
        embedding_model(folded)(images_for(model)), embedding_model(model)(images_for(model)), atol=1e-4
    )
    assert [layer.name for layer in folded.layers] == [layer.name for layer in model.layers]
    check(inference_form, model)


def test_one_layer_takes_what_is_before_it_and_behind_it():
    pixels = keras.Input((9, 9, 4))
    x = ours.LayerNormalization(name="first")(pixels)
    x = ours.Conv2D(6, 3, strides=2, use_bias=False)(x)
    x = ours.LayerScale(0.5)(x)
    x = ours.LayerNormalization(scale=False)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(pixels, layers.Dense(3)(x))
    give_random_weights(model, images_for(model))
    folded = check(fold_scales, model)
    assert scaled(folded) == []
    assert len(folded.weights) == 4
    assert fold_scales(folded) is folded


@pytest.mark.parametrize(
    "layer",
    [
        lambda: ours.Conv2D(4, 3, padding="same"),  # at the border it adds over fewer places
        lambda: ours.PointwiseConv2D(4, groups=2),
        lambda: ours.DepthwiseConv2D(3),
        lambda: layers.Activation("relu"),
        lambda: layers.Dense(4, "relu", dtype="float64"),
    ],
)
def test_a_normalization_before_anything_else_stays(layer):
    pixels = keras.Input((8, 8, 4))
    model = keras.Model(pixels, layer()(ours.LayerNormalization()(pixels)))
    assert fold_scales(model) is model


def test_what_something_else_reads_too_stays():
    pixels = keras.Input((8, 8, 4))
    normal = ours.LayerNormalization()(pixels)
    dense = layers.Dense(4)(normal)
    model = keras.Model(pixels, layers.add([normal, dense, ours.LayerScale(0.1)(dense)]))
    assert fold_scales(model) is model
    ends = keras.Model(pixels, [normal, layers.Dense(4)(normal)])
    assert fold_scales(ends) is ends


def test_a_scale_behind_an_activation_stays():
    pixels = keras.Input((8, 8, 4))
    model = keras.Model(pixels, ours.LayerScale(0.1)(layers.Dense(4, "relu")(pixels)))
    assert fold_scales(model) is model


def test_a_layer_that_is_called_twice_keeps_its_kernel():
    pixels, dense = keras.Input((8, 8, 4)), layers.Dense(4)
    model = keras.Model(pixels, dense(ours.LayerScale(0.1)(dense(pixels))))
    assert fold_scales(model) is model
    assert np.all(model.get_weights()[0] == dense.get_weights()[0])
