import keras
import pytest

from imgcls.explain.network import Network
from imgcls.models import build_model


@pytest.fixture(scope="package")
def small_network():
    """ResNet-20 for 3 classes, with random weights."""
    keras.utils.set_random_seed(0)
    return Network(build_model("resnet20", class_names=["cat", "dog", "fox"]))
