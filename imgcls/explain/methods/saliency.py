"""Gradient saliency: how much the score changes when a pixel does."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.network import Network, Rule
from imgcls.explain.target import score_of


def saliency(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The largest absolute gradient of the score over the channels of each pixel; see `Compute`.

    Reference:
        Simonyan, Vedaldi and Zisserman, Deep Inside Convolutional Networks, 2013, section 3.
    """
    return Heatmaps(np.abs(pixel_gradients(network, pixels, coefficients, options)).max(-1))


def pixel_gradients(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions, rule: Rule | None = None
) -> np.ndarray:
    """The gradient of each image's score by its pixels, (B, H, W, C), float32.

    Args:
        network: The classifier.
        pixels: (B, H, W, C).
        coefficients: (B, K).
        options: Of these, the batch size.
        rule: As `Network.run` takes it.
    """

    @tf.function(reduce_retracing=True)
    def gradients(some: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(some)
            score = score_of(network.run(some, rule=rule).logits, scores)
        return tape.gradient(score, some)

    found = [
        gradients(tf.constant(pixels[part], tf.float32), tf.constant(coefficients[part])).numpy()
        for part in batches(len(pixels), options.batch_size, options.on_progress)
    ]
    return np.concatenate(found) if found else np.zeros(pixels.shape, np.float32)


METHOD = Method("saliency", "Gradient saliency", saliency, "pixels", signed=False, paper="Simonyan et al., 2013")
