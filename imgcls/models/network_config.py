"""A network as JSON: the config that Keras writes of it, and the same network made of it again.

A config names classes, and Keras looks them up and calls them. Here only classes of Keras that compute, and layers of
imgcls, are looked up, so that the config of a stranger runs no code of a stranger.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any

import keras
import numpy as np

from imgcls.models.foreign.packages import PACKAGES, built_when_called, import_packages
from imgcls.models.recursion import deep_networks

PACKAGE = "imgcls"  # under which our layers are registered with Keras
VALUES = (  # what Keras writes of a graph besides classes; __lambda__ is none of them
    "__keras_tensor__", "__tuple__", "__slice__", "__ellipsis__", "__numpy__", "__tensor__",
)  # fmt: skip
RUNS_OTHER_CODE = (  # layers of Keras that hold code, call another library, or read files
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup",
    "TextVectorization",
)  # fmt: skip
COMPUTES = (  # what a class of Keras has to be
    keras.Operation, keras.initializers.Initializer, keras.regularizers.Regularizer, keras.constraints.Constraint,
    keras.DTypePolicy,
)  # fmt: skip


@deep_networks()
def network_config(model: keras.Model) -> dict[str, Any]:
    """The config of a network, in values that JSON knows. It was tried that `network_from_config` reads it.

    Args:
        model: A classifier.

    Raises:
        ValueError: If a layer is neither of Keras nor of imgcls, such as one of the user's own; or if Keras makes
            another network of it. The clause says what stands in the way, and begins with a small letter.

    Example:
        >>> from imgcls.models import build_model
        >>> model = build_model("lenet5", class_names=["cat", "dog"])
        >>> network_from_config(network_config(model), model.get_weights()).name
        'lenet5'
    """
    plain = keras.Model(model.inputs[0], model.outputs[0], name=model.name)  # what was compiled would be written too
    config: dict[str, Any] = keras.saving.serialize_keras_object(plain)
    shapes = [tuple(weight.shape) for weight in plain.weights]
    if [tuple(weight.shape) for weight in _made(config).weights] != shapes:
        raise ValueError("Keras makes of its config a network with other weights")
    return config


@deep_networks()
def network_from_config(config: dict[str, Any], weights: Sequence[np.ndarray | None]) -> keras.Model:
    """The network of a config.

    Args:
        config: What `network_config` gave, or a stranger.
        weights: In the order of the model's weights; None leaves one as it was initialized.

    Raises:
        ValueError: If the config names a class that is not allowed, is no network, or does not fit the weights.
    """
    model = _made(config)
    found = [np.shape(values) if values is not None else None for values in weights]
    expected = [tuple(weight.shape) for weight in model.weights]
    if len(found) != len(expected) or any(f not in (None, e) for f, e in zip(found, expected, strict=True)):
        raise ValueError(f"it has {len(expected)} weights of other shapes than the {len(found)} that came with it")
    for weight, values in zip(model.weights, weights, strict=True):
        if values is not None:
            weight.assign(values)
    return model


def check_classes(config: dict[str, Any]) -> None:
    """Raise ValueError unless everything that Keras would make of a config only computes.

    Args:
        config: Of a network, in the form that Keras writes.
    """
    import_packages(json.dumps(config, default=str))
    for each in _objects(config):
        _check(each)


def _made(config: dict[str, Any]) -> keras.Model:
    check_classes(config)
    try:
        with built_when_called():
            model = keras.saving.deserialize_keras_object(deepcopy(config), safe_mode=True)  # it takes it apart
    except Exception as error:  # Keras raises many for a config that is wrong
        raise ValueError(f"Keras cannot read its config ({_first_line(error)})") from error
    if not isinstance(model, keras.Model):
        raise ValueError("its config is that of no network")
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _objects(config: object) -> Iterator[dict[str, Any]]:
    """Everything in a config that Keras makes an object of."""
    parts = config.values() if isinstance(config, dict) else config if isinstance(config, list | tuple) else ()
    if isinstance(config, dict) and "class_name" in config:
        yield config
    for part in parts:
        yield from _objects(part)


def _check(config: dict[str, Any]) -> None:
    """Raise ValueError unless an object's class is one that may be made."""
    name, module, registered = (config.get(key) for key in ("class_name", "module", "registered_name"))
    if name in VALUES and module in (None, "builtins"):
        return
    if str(registered).startswith(f"{PACKAGE}>"):
        found = keras.saving.get_registered_object(registered)
        if getattr(found, "__module__", "").startswith(f"{PACKAGE}."):
            return
    elif _is_of_package(registered, module, name) or (registered in (None, name) and _is_allowed(module, name)):
        return
    raise ValueError(f"it has {name!r}, which is not of Keras or imgcls, or may run code of its own")


def _is_of_package(registered: object, module: object, name: object) -> bool:
    """Whether it is a layer of a project of `imgcls.models.foreign.packages`, under the name of that project."""
    project = str(module).partition(".")[0]
    if project not in PACKAGES or not _is_allowed(module, name, project):
        return False
    known = keras.saving.get_registered_object(registered) if isinstance(registered, str) else None
    return known is None or known is getattr(import_module(str(module)), str(name))


def _is_allowed(module: object, name: object, project: str = "keras") -> bool:
    """Whether a module of Keras, or of another project, has a class of this name, and it only computes."""
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] != project:
        return False
    if "tokenizer" in module:  # which read files
        return False
    try:
        found = getattr(import_module(module), name, None)
    except Exception:  # whatever a module says that is not there, or needs another library
        return False
    return isinstance(found, type) and issubclass(found, COMPUTES) and found.__name__ not in RUNS_OTHER_CODE


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
