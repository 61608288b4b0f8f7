"""The filters of the first learned layer: what they are, on one scale, and what is said where there are none."""

import keras
import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.views.first_filters import FirstFilters, _kernel, filters_picture, first_filters
from imgcls.layers import PCAWhitening
from imgcls.models import build_model
from imgcls.models.input_layers import InputLayers

NAMES = ["cat", "dog"]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_filters_are_the_weights_of_the_stem(data_format):
    model = build_model("resnet20", class_names=NAMES, data_format=data_format)
    filters = first_filters(Network(model))
    assert (filters.layer, filters.weights.shape) == ("stem_conv", (16, 3, 3, 3))
    np.testing.assert_array_equal(filters.weights[5], model.get_layer("stem_conv").get_weights()[0][..., 5])


def test_a_dense_layer_has_filters_as_large_as_the_image():
    network = Network(build_model("mlp", class_names=NAMES))
    filters = first_filters(network)
    assert filters.weights.shape == (512, 28, 28, 1)
    picture = filters_picture(filters, "mlp")
    assert "256 further filters not shown" in picture.lines


def test_a_network_that_learns_nothing_of_pixels_says_so():
    with pytest.raises(ValueError, match=r"hog computes embedding \(HOG\) .* saliency, occlusion, rise"):
        first_filters(Network(build_model("hog", class_names=NAMES)))


def test_whitening_of_colors_is_multiplied_in():
    images = np.random.default_rng(0).normal(size=(64, 8, 8, 3)).astype("float32") @ [[1, 1, 0], [0, 1, 0], [0, 0, 3]]
    whitening = PCAWhitening("channels", name="whitening")
    whitening.adapt(images.astype("float32"))
    network = Network(build_model("resnet20", class_names=NAMES, input_layers=InputLayers(whitening=whitening)))
    filters = first_filters(network)
    pixels = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    maps = network.run(pixels, keep=["stem_conv"]).maps["stem_conv"].numpy()
    standardized = (pixels - 127.5) / 127.5
    ours = np.einsum("uhwc,hwc->u", filters.weights, standardized[0, 9:12, 9:12] - standardized[1, 9:12, 9:12])
    np.testing.assert_allclose(maps[0, 10, 10] - maps[1, 10, 10], ours, atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(6, 3, groups=3, use_bias=False),
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
        keras.layers.SeparableConv2D(5, 3, depth_multiplier=2, use_bias=False),
        keras.layers.Conv2D(4, (3, 3), use_bias=False),
    ],
    ids=["grouped", "depthwise", "separable", "plain"],
)
def test_every_kind_of_convolution_is_multiplied_out(layer):
    patch = np.random.default_rng(0).normal(size=(1, 3, 3, 3)).astype("float32")
    answers = keras.ops.convert_to_numpy(layer(patch))[0, 0, 0]
    np.testing.assert_allclose(np.einsum("hwcu,hwc->u", _kernel(layer, 3, (3, 3, 3)), patch[0]), answers, atol=1e-5)


def test_one_scale_for_all_or_one_length_for_each():
    weights = np.zeros((3, 3, 3, 1), np.float32)
    weights[0, 1, 1], weights[1, 1, 1] = 2.0, -0.5
    filters = FirstFilters("stem", "Conv2D", weights)
    np.testing.assert_allclose(np.abs(filters.unit_norm).max((1, 2, 3)), [1, 1, 0])
    own = filters_picture(filters, "x")
    assert own.legend
    assert (own.legend.low, own.legend.high) == ("-2", "2")
    unit = filters_picture(filters, "x", unit_norm=True)
    assert unit.legend
    assert unit.legend.high == "1"
    shown = np.asarray(own.image)
    assert shown[36, 36].tolist() == [255] * 3  # the middle of the first
    assert 90 <= shown[36, 36 + 76, 0] <= 100  # of the second, a quarter of the way to black


def test_weights_that_are_lost_are_said():
    weights = np.full((2, 3, 3, 3), np.nan, np.float32)
    assert "2 filters not finite" in filters_picture(FirstFilters("stem", "Conv2D", weights), "x").lines
