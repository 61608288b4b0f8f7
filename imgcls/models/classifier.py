"""What is done with a classifier that was built: load it, read what it carries, take parts of it."""

import zipfile
from pathlib import Path
from typing import Any

import keras

from imgcls.data_format import CHANNELS_LAST
from imgcls.models import keras_file
from imgcls.models.judged import is_multi_label, judgement, judgement_models, temperature, with_judgement
from imgcls.models.kept_network import KEPT_FILES
from imgcls.models.layout import in_layout
from imgcls.models.own_file import own_file
from imgcls.models.recursion import deep_networks

__all__ = [
    "class_names",
    "embedding_model",
    "in_channels_last",
    "is_multi_label",
    "judgement",
    "judgement_models",
    "load_model",
    "logits_model",
    "preprocessing",
    "temperature",
    "with_judgement",
]


@deep_networks()
def load_model(path: str | Path) -> keras.Model:
    """Load a classifier that was saved as a .keras file.

    Layers of a network of one's own are found in the file that its run keeps beside the model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else.

    Example:
        >>> model = load_model("runs/photos-1/model.keras")  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {path}. Expected a .keras file, as a run folder holds.")
    try:
        model = _loaded(path)
        class_names(model), preprocessing(model)
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no classifier that imgcls saved ({error}). Name another file.") from error
    return model


def _loaded(path: Path) -> keras.Model:
    try:
        return keras_file.load(path)
    except (ValueError, TypeError):
        kept = path.with_name(KEPT_FILES[".py"])
        if not kept.is_file():
            raise
    with keras.saving.custom_object_scope(own_file(kept).classes):
        return keras_file.load(path)


def class_names(model: keras.Model) -> list[str]:
    """The names of the outputs, in order.

    Example:
        >>> from imgcls.models import build_model
        >>> class_names(build_model("lenet5", class_names=["cat", "dog"]))
        ['cat', 'dog']
    """
    return list(model.get_layer("probabilities").class_names)


def preprocessing(model: keras.Model) -> dict[str, Any]:
    """The fields of `imgcls.data.images.preprocessing.Preprocessing` that the model's pixels are made with."""
    return dict(model.get_layer("standardization").preprocessing)


@deep_networks()
def logits_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to logits (B, number of classes)."""
    return keras.Model(model.input, model.get_layer("logits").output, name=model.name)


@deep_networks()
def embedding_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to the embedding (B, features)."""
    return keras.Model(model.input, model.get_layer("embedding").output, name=model.name)


def in_channels_last(model: keras.Model) -> keras.Model:
    """The same classifier with the same weights in channels_last, which every processor runs."""
    return in_layout(model, CHANNELS_LAST)
