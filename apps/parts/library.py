"""Loads TensorFlow and models once, when a page needs them, and shows that it does."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from imgcls.cli import command
from parts import allowed_paths

if TYPE_CHECKING:
    from imgcls.serving.predictor import Predictor

MODELS_KEPT = 3  # in memory, over all users


@st.cache_resource(show_spinner="Loading TensorFlow. This takes a few seconds, once.")
def load_library() -> None:
    """Import TensorFlow, Keras and the models."""
    command.import_tensorflow()
    import imgcls.models  # noqa: F401


def model_names() -> list[str]:
    """The architectures that can be trained."""
    load_library()
    from imgcls.models import list_models

    return list_models()


def imagenet_model_names() -> list[str]:
    """The architectures with published ImageNet weights; first the one whose weights are installed with us."""
    load_library()
    from imgcls.models import find_architecture
    from imgcls.training.auto_settings import PHOTO_MODEL

    names = [name for name in model_names() if "imagenet" in find_architecture(name).weights]
    return sorted(names, key=lambda name: name != PHOTO_MODEL)


def load_predictor(source: str) -> "Predictor":
    """The predictor of a run or bundle, by path, or of an architecture with ImageNet weights, by name.

    Raises:
        ValueError: The path leads out of the root, or is a network file.
    """
    allowed_paths.check_source(allowed_paths.check_model(source))
    load_library()
    return _predictor(source, modified(Path(source)))


@st.cache_resource(max_entries=MODELS_KEPT, show_spinner="Loading the model")
def _predictor(source: str, modified: float) -> "Predictor":
    """`modified` makes a model that was written again another entry of the cache."""
    from imgcls.workflow import predictor

    return predictor.load_predictor(source)


def modified(folder: Path) -> float:
    """When the model of a run or bundle was written, in seconds since 1970; 0 if there is none."""
    files = [folder / "model.keras", *folder.glob("saved_model.pb"), *folder.glob("[0-9]*/saved_model.pb")]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)
