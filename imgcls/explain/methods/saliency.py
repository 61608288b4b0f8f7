"""Gradient saliency: how much the score changes when a pixel does."""

import numpy as np

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import pixel_gradients
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.network import Network


def saliency(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The largest absolute gradient of the score over the channels of each pixel; see `Compute`.

    Reference:
        Simonyan, Vedaldi and Zisserman, Deep Inside Convolutional Networks, 2013, section 3.
    """
    return Heatmaps(strongest_channel(pixel_gradients(network, pixels, coefficients, options)))


def strongest_channel(gradients: np.ndarray) -> np.ndarray:
    """The largest absolute value over the channels: (B, H, W) of (B, H, W, C)."""
    strongest: np.ndarray = np.abs(gradients).max(-1)
    return strongest


METHOD = Method("saliency", "Gradient saliency", saliency, "pixels", signed=False, paper="Simonyan et al., 2013")
