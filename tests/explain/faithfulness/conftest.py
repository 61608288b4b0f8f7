from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.models import build_model


class Explained(NamedTuple):
    network: Network
    pixels: np.ndarray
    coefficients: np.ndarray


@pytest.fixture(scope="session")
def cat() -> Explained:
    """EfficientNet-Lite0 with ImageNet weights, and a photo whose cat is left of the middle."""
    network = Network(build_model("efficientnet_lite0", weights="imagenet"))
    photo = Image.fromarray(data.chelsea()).resize(network.size[::-1], Image.Resampling.BICUBIC)
    pixels = np.asarray(photo, np.float32)[None]
    name = network.class_names[int(network.run(pixels).logits.numpy().argmax())]
    return Explained(network, pixels, class_scores(network, [name]))
