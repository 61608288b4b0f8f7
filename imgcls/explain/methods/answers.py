"""The explained probability of images, for methods that only change an image and look at the answer."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from imgcls.explain.methods.traced import rows_like, traced
from imgcls.explain.network import Network
from imgcls.explain.target import score_of

Answer = Callable[[np.ndarray, np.ndarray], np.ndarray]


def answers(network: Network, pixels: np.ndarray, coefficients: np.ndarray, batch_size: int) -> Answer:
    """A function of images (b, H, W, C) and one row of coefficients (K,) to the explained probabilities (b,).

    Args:
        network: The classifier.
        pixels: (B, H, W, C), for the shape alone.
        coefficients: (B, K), likewise.
        batch_size: The most images at once.
    """

    def probabilities(some: tf.Tensor, scores: tf.Tensor) -> list[tf.Tensor]:
        return [score_of(network.probabilities(network.run(some).logits), scores)]

    graph = traced(probabilities, rows_like(pixels, batch_size), rows_like(coefficients, 1))
    return lambda some, row: graph(some, row[None])[0]


def mean_pixel(network: Network) -> np.ndarray:
    """The pixel that the network standardizes to 0, the mean of the images that it learned from: (C,)."""
    mean = network.model.get_layer("standardization").mean
    return np.broadcast_to(np.asarray(mean, np.float32), network.channels)
