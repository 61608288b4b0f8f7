import keras
import numpy as np
import pytest

KERAS_AND_NUMPY = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"


def pytest_collection_modifyitems(items):
    """Keras 3.15 copies its variables in the way of NumPy 1 when it saves them, and NumPy 2 warns."""
    for item in items:
        if "tests/models" in str(item.path):
            item.add_marker(pytest.mark.filterwarnings(KERAS_AND_NUMPY))


@pytest.fixture(scope="session")
def randomize():
    return give_random_weights


def give_random_weights(model: keras.Model, images: np.ndarray) -> None:
    """Give every bias, scale and statistic a value of its own, so that none can stand in a wrong place unseen.

    The statistics are near those of `images`, as in a trained network, and keep the activations small. Otherwise a deep
    network doubles any rounding error from block to block, and no two ways to compute it agree.
    """
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if variable.name == "gamma":
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("bias", "beta"):
            variable.assign(rng.uniform(-0.2, 0.2, variable.shape))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    if norms:
        model(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
        mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
        layer.moving_mean.assign(mean + rng.uniform(-0.2, 0.2, mean.shape))
        layer.moving_variance.assign((variance + mean**2) * rng.uniform(0.7, 1.4, mean.shape) + 0.1)
