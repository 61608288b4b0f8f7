"""Packages of other projects whose layers a model may hold. They are imported when a model names them."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

OURS = "imgcls.models.foreign.{}_layers"  # ours that are built on those of a package
PACKAGES = {"keras_cv": "keras-cv", "keras_hub": "imgcls[keras-hub]"}  # module -> what pip installs it by


def import_packages(config: str) -> None:
    """Import those that the config of a model names, so that Keras knows their layers.

    Args:
        config: As JSON.

    Raises:
        ValueError: If one is not installed.
    """
    for module, extra in PACKAGES.items():
        ours = OURS.format(module)
        has_ours = f'"{ours}"' in config
        if not has_ours and f'"{module}.' not in config and f'"{module}>' not in config:
            continue
        if find_spec(module) is None:
            raise ValueError(f"it has layers of {module}, which is not installed: pip install {extra}")
        importlib.import_module(ours if has_ours else module)


@contextmanager
def built_when_called() -> Iterator[None]:
    """Within, Keras makes layers of a config without a warning of those that are only built when they are called."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`build\\(\\)` was called on layer", category=UserWarning)
        yield
