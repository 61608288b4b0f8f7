"""Packages of other projects whose layers a model may hold. They are imported when a model names them."""

import importlib
from importlib.util import find_spec

OURS_OF_KERAS_CV = "imgcls.models.foreign.keras_cv_layers"
PACKAGES = {"keras_cv": "keras-cv", "keras_hub": "imgcls[keras-hub]"}  # module -> what pip installs it by


def import_packages(config: str) -> None:
    """Import those that the config of a model names, so that Keras knows their layers.

    Args:
        config: As JSON.

    Raises:
        ValueError: If one is not installed.
    """
    for module, extra in PACKAGES.items():
        if f'"{module}.' not in config and f'"{module}>' not in config:
            continue
        if find_spec(module) is None:
            raise ValueError(f"it has layers of {module}, which is not installed: pip install {extra}")
        importlib.import_module(module)
    if f'"{OURS_OF_KERAS_CV}"' in config:
        importlib.import_module(OURS_OF_KERAS_CV)
