import keras
import numpy as np
import pytest
from skimage import data

from imgcls.explain.large_photo.one_pass import OnePass
from imgcls.explain.large_photo.sliding_plan import as_windows, sliding_plan
from imgcls.explain.large_photo.windows import WindowByWindow
from imgcls.explain.network import Network
from imgcls.models import build_model

ENOUGH = 10**9  # bytes


def photo(height, width, channels=3):
    image = data.astronaut()[:height, :width].astype(np.float32)
    return image if channels == 3 else image.mean(-1, keepdims=True)


def network_of(name, size, **options):
    """Random weights, and logits of a few units, so that no probability is 0 or 1 for all windows."""
    keras.utils.set_random_seed(3)
    network = Network(build_model(name, size, num_classes=4, **options))
    logits = network.model.get_layer("logits")
    spread = float(np.std(network.run(photo(*size)[None]).logits))
    logits.set_weights([weight / max(spread, 1e-3) for weight in logits.get_weights()])
    return network


def at_the_same_windows(network, plan, pixels):
    """The probabilities by windows, whose stride is that of the one pass."""
    from dataclasses import replace

    return WindowByWindow(network, replace(as_windows(plan, 1), stride=plan.stride), 32)(pixels).maps


@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("lenet5", (32, 32, 1), {}),  # Flatten of one position
        ("lenet5", (40, 36, 1), {}),  # of 3 x 2, in this order
        ("lenet5_relu", (32, 32, 3), {"normalization": "batch"}),
    ],
)
def test_without_padding_one_pass_is_every_window(name, size, options):
    network = network_of(name, size, **options)
    plan = sliding_plan(network)
    pixels = photo(size[0] + 5 * plan.stride[0], size[1] + 9 * plan.stride[1], size[2])
    found = OnePass(network, plan, ENOUGH)(pixels).maps
    assert found.shape == (6, 10, 4)
    assert np.ptp(found, axis=(0, 1)).max() > 0.01  # the windows differ
    np.testing.assert_allclose(found, at_the_same_windows(network, plan, pixels), atol=1e-5)


@pytest.mark.parametrize("pooling", ["average", pytest.param("max", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "size"),
    [("resnet20", (32, 32, 3)), ("vgg11", (64, 32, 3)), ("resnet18", (64, 96, 3)), ("mobilenet_v2", (64, 64, 3))],
)
@pytest.mark.thorough
def test_a_photo_of_one_window_gets_the_network_s_own_answer(name, size, pooling):
    network = network_of(name, size, pooling=pooling)
    pixels = photo(*size)
    found = OnePass(network, sliding_plan(network), ENOUGH)(pixels).maps
    np.testing.assert_allclose(found[0, 0], network.model(pixels[None]).numpy()[0], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "size", "more"),
    [
        pytest.param("resnet20", (32, 32, 3), (16, 12), marks=pytest.mark.slow),
        ("resnet18", (64, 64, 3), (6, 4)),
        ("lenet5_relu", (40, 36, 3), (20, 25)),  # its head is a convolution
    ],
)
@pytest.mark.thorough
def test_parts_give_what_the_whole_gives(name, size, more):
    network = network_of(name, size)
    plan = sliding_plan(network)
    pixels = photo(*(side + count * stride for side, count, stride in zip(size, more, plan.stride, strict=False)))
    whole = OnePass(network, plan, ENOUGH)(pixels)
    assert np.ptp(whole.maps, axis=(0, 1)).max() > 0.1  # the windows differ
    assert whole.computed_pixels == pixels.shape[0] * pixels.shape[1]
    for share in (0.4, 0.1):
        memory = share * max(cut.before for cut in whole_cuts(network, plan)) * area(pixels)
        parts = OnePass(network, plan, memory)(pixels)
        assert parts.computed_pixels > whole.computed_pixels
        np.testing.assert_allclose(parts.maps, whole.maps, atol=1e-5)


@pytest.mark.thorough
def test_parts_give_what_the_whole_gives_with_real_weights_and_padding_that_is_not_symmetric():
    network = Network(build_model("efficientnet_lite0", weights="imagenet"))
    plan = sliding_plan(network)
    pixels = photo(512, 480)
    whole, parts = OnePass(network, plan, ENOUGH)(pixels), OnePass(network, plan, 20e6)(pixels)
    assert parts.computed_pixels > whole.computed_pixels == 512 * 480
    assert np.ptp(whole.maps, axis=(0, 1)).max() > 0.1
    np.testing.assert_allclose(parts.maps, whole.maps, atol=1e-4)


def whole_cuts(network, plan):
    return OnePass(network, plan, ENOUGH)._cuts


def area(pixels):
    return pixels.shape[0] * pixels.shape[1]


def test_padding_inside_of_the_photo_is_what_differs_from_windows():
    network = network_of("resnet20", (32, 32, 3))
    plan = sliding_plan(network)
    pixels = photo(96, 96)
    found, windows = OnePass(network, plan, ENOUGH)(pixels).maps, at_the_same_windows(network, plan, pixels)
    assert found.shape == windows.shape == (17, 17, 4)
    assert np.abs(found - windows).max() > 1e-4
