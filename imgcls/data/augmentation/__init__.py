"""Data augmentation: random changes of training images, each a pure function of the seed and the position in the run.

The names are imported when they are first used, so that the table of presets can be read without TensorFlow.
"""

import importlib
from typing import Any

_ADDRESSES = {
    "NONE": "presets",
    "PRESETS": "presets",
    "STEPS": "steps",
    "Augmentation": "chain",
    "Draws": "draws",
    "Step": "steps",
    "from_preset": "presets",
    "mix": "mixing",
}

__all__ = ["NONE", "PRESETS", "STEPS", "Augmentation", "Draws", "Step", "from_preset", "mix"]


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ADDRESSES[name]}"), name)
