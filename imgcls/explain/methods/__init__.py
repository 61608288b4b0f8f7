"""The methods that say why a network answers as it does, one file a method; `METHODS` is their table.

Each computes `Heatmaps` from a network, pixels, and the coefficients of the explained scores.
"""

from imgcls.explain.methods import (
    cam,
    deconvnet,
    grad_cam,
    grad_cam_plus_plus,
    gradient_x_input,
    guided_backpropagation,
    integrated_gradients,
    occlusion,
    rise,
    saliency,
    smoothgrad,
)
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.nearest_name import did_you_mean

__all__ = ["METHODS", "Method", "MethodOptions", "find_method"]

METHODS: dict[str, Method] = {
    each.METHOD.name: each.METHOD
    for each in (
        saliency,
        gradient_x_input,
        smoothgrad,
        integrated_gradients,
        guided_backpropagation,
        deconvnet,
        grad_cam,
        grad_cam_plus_plus,
        cam,
        occlusion,
        rise,
    )
}


def find_method(name: str) -> Method:
    """The method called `name`.

    Raises:
        ValueError: If there is none, with the nearest name.
    """
    if name in METHODS:
        return METHODS[name]
    raise ValueError(
        f"Unknown method {name!r}.{did_you_mean(name.lower(), METHODS, cutoff=0.4)} There are: {', '.join(METHODS)}."
    )
