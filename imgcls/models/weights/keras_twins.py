"""The weight files of `keras.applications`, laid into our networks.

Names of layers differ between the two, and Keras numbers some; so the twin is built, its file is loaded into it, and
both graphs are walked from the output to the input in the same way. What comes out in the same place belongs together.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import inputs_of_call, producer

Pair = tuple[keras.layers.Layer, keras.Variable, str, np.ndarray]  # our layer and variable, the twin's path and value


def load_twin(
    model: keras.Model,
    with_head: bool,
    *,
    network: str,
    blue_first: bool,
    arguments: dict[str, Any],
    path: Path | None = None,
) -> None:
    """Fill `model` from the twin's official file, downloaded unless `path` says where it lies.

    with_head: whether the last layer is filled too; else that of the file may have other classes. Raises ValueError,
    before any weight is changed, if the file is of another kind or does not fit, and ConnectionError if it cannot be
    downloaded.
    """
    twin = _twin(network, arguments, path)
    pairs = _pairs(_variables(model), _variables(twin))
    pairs = [pair for pair in pairs if with_head or pair[0].name != "logits"]
    if path:
        _check_filled(pairs, path, network)
    for _, variable, path_there, value in pairs:
        if _squeezed(value.shape) != _squeezed(variable.shape):
            raise ValueError(
                f"The published {path_there} has shape {value.shape}; {variable.path} expects {tuple(variable.shape)}. "
                f"The weights fit {model.name} as published, and at its own image size where it has dense layers."
            )
    for number, (_, variable, _, value) in enumerate(pairs):
        if number == 0 and blue_first:
            value = value[:, :, ::-1]
        variable.assign(value.reshape(variable.shape))


def _twin(network: str, arguments: dict[str, Any], path: Path | None) -> keras.Model:
    """The network of keras.applications with its weights; it is built in channels_last whatever Keras is set to."""
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"No weight file at {path}. Expected the .h5 file of keras.applications.{network}.")
    if path is not None and not h5py.is_hdf5(path):
        raise ValueError(f"{path} is no HDF5 file. Expected the .h5 file of keras.applications.{network}.")
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(CHANNELS_LAST)
    try:
        build = getattr(keras.applications, network)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # MobileNet: that no input shape means 224
            if path is None:
                return build(weights="imagenet", **arguments)
            return _filled(build(weights=None, **arguments), path)
    except (ValueError, OSError, KeyError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{path or network} does not hold the weights of keras.applications.{network}: {first[:200]}"
        ) from error
    except Exception as error:  # what keras.utils.get_file raises
        if "fetch failure" not in str(error):
            raise
        raise ConnectionError(
            f"The weights of keras.applications.{network} could not be downloaded ({error}). Download the .h5 file "
            "elsewhere and give its path as weights."
        ) from error
    finally:
        keras.config.set_image_data_format(before)


def _filled(twin: keras.Model, path: Path) -> keras.Model:
    """The twin with what the file has of it. What it does not have, or in another shape, is NaN."""
    for variable in twin.variables:
        if variable.dtype == "float32":
            variable.assign(np.full(variable.shape, np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # which names what the file does not have
        twin.load_weights(path, skip_mismatch=True)
    return twin


def _check_filled(pairs: list[Pair], path: Path, network: str) -> None:
    """Raise ValueError if the file did not have all that is taken from it."""
    unfit = [path_there for _, _, path_there, value in pairs if np.isnan(value).any()]
    if unfit:
        raise ValueError(
            f"{path} does not hold the weights of keras.applications.{network}: of {len(pairs)} arrays, {len(unfit)} "
            f"are missing or have another shape, the first of them {unfit[0]}. Name the file of that network."
        )


def _variables(model: keras.Model) -> list[tuple[keras.layers.Layer, keras.Variable]]:
    """The variables of all layers in the order of a walk along the inputs of each layer, before the layer itself."""
    return [
        (layer, variable)
        for layer in walk(model.output)
        if not isinstance(layer, keras.layers.Normalization)  # of the pixels, which our layer "standardization" does
        for variable in getattr(layer, "weights", ())
    ]


def walk(output: Any) -> list[Any]:
    """Every operation that `output` depends on, once, each after those that it depends on."""
    order, seen, stack = [], set(), [(output, False)]
    while stack:
        tensor, inputs_done = stack.pop()
        operation, index = producer(tensor)
        if inputs_done:
            order.append(operation)
        elif id(operation) not in seen:
            seen.add(id(operation))
            stack.append((tensor, True))
            stack.extend((before, False) for before in reversed(inputs_of_call(operation, index)))
    return order


def _pairs(ours: list[Any], theirs: list[Any]) -> list[Pair]:
    """Each of our variables with the published one in its place.

    Where Keras has a bias before a normalisation and we have none, the mean that the normalisation subtracts becomes
    less by the bias, which comes to the same.
    """
    pairs, bias, rest = [], 0.0, iter(theirs)
    for layer, variable in ours:
        _, source = next(rest, (None, None))
        if source is not None and source.name.endswith("bias") and not variable.name.endswith("bias"):
            bias = source.numpy()
            _, source = next(rest, (None, None))
        if source is None:
            raise ValueError(f"The published network ends before {variable.path}; build {layer.name} as published.")
        value = source.numpy()
        if variable.name == "moving_mean":
            value, bias = value - bias, 0.0
        pairs.append((layer, variable, source.path, value))
    return pairs


def _squeezed(shape: Iterable[int]) -> tuple[int, ...]:
    """A 1x1 convolution of one position is a dense layer."""
    return tuple(size for size in shape if size != 1)
