"""A Keras model that a program holds, as a file that a run can keep."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

from imgcls.models.foreign.model_object import save_model


@contextmanager
def as_named(model: str | keras.Model | Callable[[], keras.Model]) -> Iterator[str]:
    """Within, the name that `--model` knows a model by: its own, or that of a file with it, of which a run has a copy.

    Args:
        model: What `--model` takes, a Keras model, or a function without arguments that makes one.

    Raises:
        ValueError: If the Keras model cannot be used, or the function needs arguments.
    """
    if callable(model) and not isinstance(model, keras.Model):
        model = _made(model)
    if not isinstance(model, keras.Model):
        yield model
        return
    with TemporaryDirectory() as folder:
        yield str(save_model(model, Path(folder)))


def _made(make: Callable[[], keras.Model]) -> keras.Model:
    """What a function makes; another function is refused with what to do."""
    name = getattr(make, "__name__", type(make).__name__)
    try:
        inspect.signature(make).bind()
    except TypeError as error:
        raise ValueError(
            f"The function {name} needs arguments ({error}). Call it, and give the Keras model that it returns; one "
            "that makes one for a shape of images is decorated with @keras_model of imgcls.models, and its name given."
        ) from error
    model = make()
    if not isinstance(model, keras.Model):
        raise ValueError(f"The function {name} returned a {type(model).__name__}; expected a Keras model.")
    return model
