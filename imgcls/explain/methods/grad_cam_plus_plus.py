"""Grad-CAM++: Grad-CAM in which a unit counts as much in several places as in one."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.map_gradients import activation_maps
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.network import Network


def grad_cam_plus_plus(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions
) -> Heatmaps:
    """A layer's feature map, each unit weighed by its gradients above 0, each in its share; see `Compute`.

    Reference:
        Chattopadhay et al., Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional
        Networks, 2018, equations 15 and 19: the score goes through an exponential, whose value only scales the map
        and is left out.
    """
    return activation_maps(network, pixels, coefficients, options, weighed)


def weighed(features: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
    """The maps (B, h, w) of a feature map and the gradients of the score by it, both (B, h, w, C)."""
    shares = _shares(features, gradients)
    weights = tf.reduce_sum(shares * tf.nn.relu(gradients), axis=(1, 2))
    return tf.nn.relu(tf.einsum("bhwc,bc->bhw", features, weights))


def _shares(features: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
    """The paper's alpha, g² / (2 g² + g³ · sum of the unit's map), divided by g², whose square and cube underflow."""
    below = 2 + gradients * tf.reduce_sum(features, axis=(1, 2), keepdims=True)
    return tf.where(gradients == 0, 0.0, tf.math.divide_no_nan(1.0, below))


METHOD = Method(
    "grad_cam_plus_plus", "Grad-CAM++", grad_cam_plus_plus, "map", signed=False, paper="Chattopadhay et al., 2018"
)
