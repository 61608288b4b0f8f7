"""Random changes to training images, each a pure function of the seed and the place in the run.

The names are imported when they are first used, so that the table of presets can be read without TensorFlow.
"""

import importlib

_ADDRESSES = {
    "NONE": "presets",
    "PRESETS": "presets",
    "STEPS": "chain",
    "Augmentation": "chain",
    "Draws": "draws",
    "mix": "mixing",
    "settings": "presets",
}

__all__ = ["NONE", "PRESETS", "STEPS", "Augmentation", "Draws", "mix", "settings"]


def __getattr__(name: str):
    if name not in _ADDRESSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ADDRESSES[name]}"), name)
