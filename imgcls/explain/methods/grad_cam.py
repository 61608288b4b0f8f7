"""Grad-CAM: where the features are that speak for the class."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.map_gradients import activation_maps
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.network import Network


def grad_cam(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """A layer's feature map, each unit weighed by its mean gradient, where the sum is above 0; see `Compute`.

    Reference:
        Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization, 2017,
        equations 1 and 2.
    """
    return activation_maps(network, pixels, coefficients, options, by_mean_gradient)


def by_mean_gradient(features: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
    """The map of a feature map and its gradients, both (B, h, w, C): (B, h, w), nowhere below 0."""
    return tf.nn.relu(tf.einsum("bhwc,bc->bhw", features, tf.reduce_mean(gradients, axis=(1, 2))))


METHOD = Method("grad_cam", "Grad-CAM", grad_cam, "map", signed=False, paper="Selvaraju et al., 2017")
