"""Guided backpropagation: the gradient, without what speaks against on the way back."""

import numpy as np

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods import backward_rules
from imgcls.explain.methods.input_gradients import pixel_gradients
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.methods.saliency import strongest_channel
from imgcls.explain.network import Network

RULE = backward_rules.at_activations(backward_rules.guided)


def guided_backpropagation(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions
) -> Heatmaps:
    """The largest absolute guided gradient of the score over the channels of each pixel; see `Compute`.

    Reference:
        Springenberg et al., Striving for Simplicity: The All Convolutional Net, 2015, section 3.4.
    """
    return Heatmaps(strongest_channel(pixel_gradients(network, pixels, coefficients, options, RULE)))


METHOD = Method(
    "guided_backpropagation",
    "Guided backpropagation",
    guided_backpropagation,
    "pixels",
    signed=False,
    paper="Springenberg et al., 2015",
)
