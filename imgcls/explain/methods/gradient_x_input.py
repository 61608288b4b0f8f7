"""Gradient times input: what each pixel gives to the score, if the network were linear."""

import numpy as np

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import pixel_gradients
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.network import Network


def gradient_x_input(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions
) -> Heatmaps:
    """The gradient of the score by each pixel, times the pixel, summed over its channels; see `Compute`.

    A pixel counts from black on: a black one gives 0, as in integrated gradients, of which this is one step.

    Reference:
        Shrikumar et al., Not Just a Black Box: Learning Important Features Through Propagating Activation Differences,
        2016, section 2.
    """
    return Heatmaps((pixels * pixel_gradients(network, pixels, coefficients, options)).sum(-1))


METHOD = Method(
    "gradient_x_input", "Gradient x input", gradient_x_input, "pixels", signed=True, paper="Shrikumar et al., 2016"
)
