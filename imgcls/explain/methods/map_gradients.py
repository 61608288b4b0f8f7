"""The feature map of a layer and the gradients that class activation maps weigh it by."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import explained_score
from imgcls.explain.methods.method import MethodOptions
from imgcls.explain.methods.traced import in_batches
from imgcls.explain.network import Network, Pass, watched

Weigh = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def activation_maps(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions, weigh: Weigh
) -> Heatmaps:
    """Class activation maps by the gradients of the score by a layer's feature map, in the size of the images.

    Args:
        network: The classifier.
        pixels: (B, H, W, C).
        coefficients: (B, K).
        options: Of these, the layer, the batch size and the progress.
        weigh: Gets a feature map and its gradients, both (B, h, w, C); returns the maps (B, h, w).

    Raises:
        ValueError: If there is no such layer.
    """
    layer = network.layer(options.layer).name

    def maps(some: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        return explained_map(network, layer, some, lambda passed: explained_score(passed, scores), weigh)[0]

    return Heatmaps(in_batches(maps, [pixels, coefficients], options.batch_size, options.on_progress), layer)


def explained_map(
    network: Network, layer: str, pixels: tf.Tensor, objective: Callable[[Pass], tf.Tensor], weigh: Weigh
) -> tuple[tf.Tensor, Pass]:
    """Class activation maps of tensors, in operations that a graph can hold.

    Args:
        network: The classifier.
        layer: The name of a layer with a feature map.
        pixels: (B, H, W, C), in [0, 255].
        objective: Gets what the pass gave; returns the scores (B,).
        weigh: As for `activation_maps`.

    Returns:
        The maps (B, H, W), and what the pass gave.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        passed = network.run(pixels, keep=[layer], change={layer: watched(tape)})
        score = objective(passed)
    features = passed.maps[layer]
    gradients = tape.gradient(score, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return enlarged(weigh(features, gradients), network.size), passed


def enlarged(maps: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Maps (B, h, w) in another size, bilinearly: each value stands in the middle of what it covers."""
    return tf.image.resize(maps[..., None], size, method="bilinear")[..., 0]
