"""Every method on every architecture, built in channels_first and in channels_last with the same weights.

A small one of several families is asked in every run, all others when the slow tests run.
"""

import keras
import numpy as np
import pytest

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.methods.cam import pooled_layer
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.models import list_models
from imgcls.models.layout import in_layout
from tests.explain.methods.conftest import images
from tests.models.architectures.test_architectures import CLASSES, build
from tests.models.conftest import give_random_weights

pytestmark = pytest.mark.thorough

EVERY_RUN = (
    "alexnet_small", "hog", "lenet5_relu", "mlp", "regnet_small", "small_vit_reg4",
)  # fmt: skip
OPTIONS = MethodOptions(steps=2, samples=2, masks=10, window=1.0)
ALWAYS_SOMETHING = ("saliency", "gradient_x_input", "smoothgrad", "integrated_gradients", "rise")


@pytest.fixture(
    scope="module",
    params=[name if name in EVERY_RUN else pytest.param(name, marks=pytest.mark.slow) for name in list_models()],
)
def networks(request):
    """(the model in channels_first, the network of it, the network of the same weights in channels_last)."""
    keras.utils.set_random_seed(0)
    first = build(request.param, "channels_first")
    network = Network(first)
    give_random_weights(first, images(network, 2))
    yield first, Network(first), Network(in_layout(first, "channels_last"))
    keras.backend.clear_session()


@pytest.mark.parametrize("name", METHODS)
def test_a_map_is_finite_and_the_same_in_both_layouts(networks, name):
    _, *both = networks
    pixels = images(both[0], 1)
    scores = class_scores(both[0], CLASSES[1:2], CLASSES[:1])
    without_maps = METHODS[name].reads == "map" and not both[0].maps
    if without_maps or (name == "cam" and not pooled_layer(both[0])):  # what it cannot do is said
        with pytest.raises(ValueError, match="saliency" if without_maps else "grad_cam"):
            METHODS[name].compute(both[0], pixels, scores, OPTIONS)
        return
    one, other = (METHODS[name].compute(each, pixels, scores, OPTIONS).values for each in both)
    assert one.shape == pixels.shape[:3]
    assert np.isfinite(one).all()
    assert one.any() or name not in ALWAYS_SOMETHING
    assert one.any() or name != "occlusion" or answers_alike(both[0], pixels)
    np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(one).max())


def test_the_network_answers_as_the_model_in_channels_first(networks):
    model, network, _ = networks
    pixels = images(network, 2)
    answers = network.probabilities(network.run(pixels).logits)
    np.testing.assert_allclose(answers, model(pixels), atol=1e-3)


def answers_alike(network: Network, pixels: np.ndarray) -> bool:
    """Whether random weights give an image and a gray one the same answer, so that covering it changes nothing."""
    gray = np.broadcast_to(pixels.mean((1, 2), keepdims=True), pixels.shape)
    found = [network.probabilities(network.run(each).logits) for each in (pixels, gray)]
    return bool(np.allclose(*found, atol=1e-6))
