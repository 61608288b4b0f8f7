"""Real Keras models: a small MobileNetV2 whose statistics fit its images, as a .keras file and inside another model."""

import keras
import numpy as np
import pytest

SIZE = 64


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, SIZE, SIZE, 3)).astype("float32")


@pytest.fixture(scope="session")
def mobilenet(pixels) -> keras.Model:
    """With a head of 5 classes, for pixels from -1 to 1."""
    keras.utils.set_random_seed(0)
    return settled(keras.applications.MobileNetV2((SIZE, SIZE, 3), alpha=0.35, weights=None, classes=5), pixels)


@pytest.fixture(scope="session")
def mobilenet_file(mobilenet, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "mine.keras"
    mobilenet.save(path)
    return path


def settled(model: keras.Model, pixels: np.ndarray) -> keras.Model:
    """The model with the statistics of these images, so that its features differ from image to image."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        layer.momentum = 0.0
    model(pixels / 127.5 - 1, training=True)
    for layer in norms:
        layer.momentum = 0.99
    return model


def embedding(model: keras.Model) -> keras.Model:
    """From pixels to the embedding of a classifier of ours."""
    return keras.Model(model.input, model.get_layer("embedding").output)
