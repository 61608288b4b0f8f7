"""A folded network answers as before, whatever stands around its normalizations."""

import keras
import numpy as np
import pytest
from keras import layers

from imgcls import layers as ours
from imgcls.models import build_model
from imgcls.models.folding import fold_batch_normalization
from tests.models.same_answers import check


def trained(model: keras.Model) -> keras.Model:
    """Normalizations whose four numbers all matter."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def normalizations(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def check_folded(model: keras.Model, left: list[str]) -> keras.Model:
    """The folded network, whose outputs are the same; `left` are the normalizations that stay."""
    folded = check(fold_batch_normalization, model)
    assert normalizations(folded) == left
    assert {layer.name for layer in model.layers if layer.weights} <= {layer.name for layer in folded.layers}
    return folded


@pytest.mark.parametrize(
    "name",
    [
        "resnet20",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("efficientnet_lite0", "mobilenet_v2", "densenet121")),
    ],
)
def test_published_networks(name):
    model = trained(build_model(name, (32, 32, 3), num_classes=4))
    folded = fold_batch_normalization(model)
    left = normalizations(folded)
    assert len(left) < len(normalizations(model))
    check_folded(model, left)


@pytest.mark.parametrize("name", ["resnet20", "efficientnet_lite0"])
@pytest.mark.thorough
def test_where_each_normalization_follows_a_convolution_none_is_left(name):
    check_folded(trained(build_model(name, (32, 32, 3), num_classes=4)), [])


class Scaled(ours.Conv2D):
    """Does something of its own with the kernel."""

    def call(self, inputs):
        return 2 * super().call(inputs)


def test_what_stays():
    pixels = keras.Input((8, 8, 3))
    shared = ours.Conv2D(3, 3, padding="same", name="shared")
    x = layers.BatchNormalization(name="after_no_convolution")(pixels)
    x = layers.BatchNormalization(name="after_relu")(ours.Conv2D(4, 3, activation="relu")(x))
    x = ours.BatchNormalization(name="folded")(ours.Conv2D(6, 3, groups=2, padding="same")(x))
    x = layers.BatchNormalization(scale=False, center=False, name="folded_too")(layers.DepthwiseConv2D(3)(x))
    x = layers.BatchNormalization(name="folded_as_well")(layers.DepthwiseConv2D(1, depth_multiplier=2)(x))
    x = layers.BatchNormalization(name="after_one_of_its_own")(Scaled(3, 1)(x))
    x = layers.BatchNormalization(axis=1, name="over_rows")(ours.Conv2D(3, 1)(x))
    both = ours.Conv2D(3, 1)(x)
    x = layers.add([both, layers.BatchNormalization(name="beside_another")(both)])
    x = layers.BatchNormalization(name="after_shared")(shared(shared(x)))
    x = layers.BatchNormalization(dtype="mixed_bfloat16", name="in_16_bits")(ours.Conv2D(3, 1)(x))
    left = ["after_no_convolution", "after_relu", "after_one_of_its_own", "over_rows", "beside_another", "after_shared",
            "in_16_bits"]  # fmt: skip
    check_folded(trained(keras.Model(pixels, keras.ops.cast(x, "float32"))), left)


def test_a_network_without_any():
    check_folded(build_model("lenet5", (32, 32, 1), num_classes=4), [])
