"""Pictures of what a network does: why it answers, what its units look for, where in an image it looks.

As a library, for any classifier that `build_model` or `load_model` gave:

    from imgcls import load_model
    from imgcls.explain import METHODS, MethodOptions, Network, class_scores

    network = Network(load_model("runs/photos-1/model.keras"))
    scores = class_scores(network, ["shirt"], against=["coat"])
    maps = METHODS["grad_cam"].compute(network, pixels, scores, MethodOptions())

The names are imported when they are first used, because `python -m imgcls.explain --help` needs no TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcls.explain.heatmaps import Heatmaps as Heatmaps
    from imgcls.explain.methods import METHODS as METHODS
    from imgcls.explain.methods import Method as Method
    from imgcls.explain.methods import MethodOptions as MethodOptions
    from imgcls.explain.methods import find_method as find_method
    from imgcls.explain.network import Network as Network
    from imgcls.explain.target import class_scores as class_scores

_ADDRESSES = {
    "Network": "imgcls.explain.network",
    "class_scores": "imgcls.explain.target",
    "Heatmaps": "imgcls.explain.heatmaps",
    "METHODS": "imgcls.explain.methods",
    "Method": "imgcls.explain.methods",
    "MethodOptions": "imgcls.explain.methods",
    "find_method": "imgcls.explain.methods",
}

__all__ = [*_ADDRESSES]


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module 'imgcls.explain' has no attribute {name!r}; it has {', '.join(__all__)}.")
    return getattr(importlib.import_module(_ADDRESSES[name]), name)
