"""Architectures, and the classifier that is built around each of them.

The table needs no TensorFlow; `build_model` and `load_model` import it when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from imgcls.models import architectures  # noqa: F401  (fills the table)
from imgcls.models.network_options import NetworkOptions
from imgcls.models.registry import architecture, find_architecture, list_models

if TYPE_CHECKING:
    from imgcls.models.auxiliary import auxiliary_logits_model as auxiliary_logits_model
    from imgcls.models.auxiliary import without_auxiliary_heads as without_auxiliary_heads
    from imgcls.models.build import build_model as build_model
    from imgcls.models.classifier import load_model as load_model
    from imgcls.models.cost import describe as describe
    from imgcls.models.foreign.own_function import keras_model as keras_model
    from imgcls.models.input_layers import InputLayers as InputLayers

_ADDRESSES = {
    "build_model": "imgcls.models.build",
    "load_model": "imgcls.models.classifier",
    "auxiliary_logits_model": "imgcls.models.auxiliary",
    "without_auxiliary_heads": "imgcls.models.auxiliary",
    "describe": "imgcls.models.cost",
    "keras_model": "imgcls.models.foreign.own_function",
    "InputLayers": "imgcls.models.input_layers",
}

__all__ = [
    "list_models",
    "find_architecture",
    "architecture",
    "NetworkOptions",
    *_ADDRESSES,
]


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module 'imgcls.models' has no attribute {name!r}; it has {', '.join(__all__)}.")
    return getattr(importlib.import_module(_ADDRESSES[name]), name)
