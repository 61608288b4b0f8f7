"""A Keras model that a program holds, as a file that a run can keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

from imgcls.models.foreign.model_object import save_model


@contextmanager
def as_named(model: str | keras.Model) -> Iterator[str]:
    """Within, the name that `--model` knows a model by: its own, or that of a file with it, of which a run has a copy.

    Args:
        model: What `--model` takes, or a Keras model.

    Raises:
        ValueError: If the Keras model cannot be used.
    """
    if not isinstance(model, keras.Model):
        yield model
        return
    with TemporaryDirectory() as folder:
        yield str(save_model(model, Path(folder)))
