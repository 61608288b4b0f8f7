import keras
import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.models import build_model

CLASSES = ["cat", "dog", "fox"]


@pytest.fixture(scope="package")
def small_network():
    """ResNet-20 for 3 classes, with random weights."""
    keras.utils.set_random_seed(0)
    return Network(build_model("resnet20", class_names=CLASSES))


@pytest.fixture(scope="package")
def linear_network():
    """A network whose logits are pixels times weights and a bias: (network, weights (8, 8, 3, classes))."""
    weights = np.random.default_rng(3).normal(size=(8, 8, 3, 3)).astype(np.float32)
    return classifier((8, 8, 3), [], weights.reshape(-1, 3)), weights


@pytest.fixture(scope="package")
def block_network():
    """A network that answers "dog" by the brightness of one block of pixels, rows 8 to 16 and columns 16 to 24."""
    weights = np.zeros((32, 32, 1, 3), np.float32)
    weights[8:16, 16:24, :, 1] = 4 / 255 / 64
    return classifier((32, 32, 1), [], weights.reshape(-1, 3))


def classifier(shape, layers, head):
    """A network of some layers and a linear head, without standardization."""
    pixels = keras.Input(shape)
    x = PixelStandardization(name="standardization")(pixels)
    for layer in layers:
        x = layer(x)
    embedding = keras.layers.Flatten(name="embedding")(x)
    logits = keras.layers.Dense(head.shape[1], name="logits", bias_initializer="ones")(embedding)
    model = keras.Model(pixels, ClassProbabilities(CLASSES, name="probabilities")(logits), name="tiny")
    model.get_layer("logits").set_weights([head, np.ones(head.shape[1], np.float32)])
    return Network(model)


def images(network, count, seed=1):
    shape = (count, *network.size, network.channels)
    return np.random.default_rng(seed).uniform(0, 255, shape).astype(np.float32)
