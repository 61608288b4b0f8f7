"""A Keras model that a program holds as a network: the same as its .keras file would be."""

from pathlib import Path

import keras

from imgcls.models.foreign.as_architecture import as_architecture
from imgcls.models.foreign.feature_network import check_kind
from imgcls.models.foreign.keras_archive import source_of
from imgcls.models.network_config import check_classes
from imgcls.models.registry import Architecture


def architecture_of_model(model: keras.Model) -> Architecture:
    """The architecture of a Keras model, whose layers stay as they are; a network built of it has copies.

    Raises:
        ValueError: If it cannot be used, in one sentence.
    """
    return as_architecture(source_of(model, f"The model {getattr(model, 'name', '')!r}", lambda _: model))


def save_model(model: keras.Model, folder: Path) -> Path:
    """Write a Keras model that a run is to start from, as a file that `architecture_of_file` opens.

    Args:
        model: With layers of Keras; those of one's own belong into a .py file.
        folder: For the file, which is named as the model.

    Raises:
        ValueError: If the model cannot be used, or holds layers that are not of Keras.
    """
    check_kind(model, f"The model {getattr(model, 'name', getattr(model, '__name__', ''))!r}")
    try:
        check_classes(keras.saving.serialize_keras_object(keras.Model(model.inputs, model.outputs)))
    except ValueError as error:
        raise ValueError(
            f"The model {model.name!r} cannot be kept beside its run: {error}. Put the function that makes it into a "
            ".py file under @keras_model(...), and name the file."
        ) from error
    path = folder / f"{model.name}.keras"
    model.save(path)
    return path
