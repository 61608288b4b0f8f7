"""SqueezeNet: Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, 2016.

The last convolution, with a map for each class, is the classifier behind the average here, as in `nin`. The ReLU that
the authors have between it and the average is left out, so that the logits are linear in the embedding. The published
classifier is made for that ReLU and would answer otherwise without it, so that of a published file only the features
are taken.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.wiring import Tensor, Wiring

FIRES = (16, 16, 32, 32, 48, 48, 64, 64)  # squeezed channels of fire2 to fire9; each then has 8 times as many; table 1
NETWORKS: dict[str, dict[str, Any]] = {  # filters and kernel of the stem, the fire modules before a pooling
    "squeezenet_1_0": {"stem": (96, 7), "pooled": (4, 8)},
    "squeezenet_1_1": {"stem": (64, 3), "pooled": (3, 5)},  # the authors' later form, with 2.4 times fewer operations
}
FACTS = {"squeezenet_1_0": (1_248_424, 57.5, "paper, table 2"), "squeezenet_1_1": (1_235_496, 58.18, "torchvision")}


def fire(net: Wiring[Tensor], x: Tensor, squeezed: int, name: str) -> Tensor:
    """A 1x1 convolution to few channels, then 1x1 and 3x3 convolutions side by side (figure 1)."""
    x = net.conv_norm_act(x, squeezed, 1, name=f"{name}_squeeze")
    sides = [net.conv_norm_act(x, 4 * squeezed, size, name=f"{name}_expand{size}x{size}") for size in (1, 3)]
    return net.concat(sides, name=name)


def squeezenet(net: Wiring[Tensor], x: Tensor, stem: tuple[int, int], pooled: tuple[int, ...]) -> Tensor:
    """A convolution, then eight fire modules (table 1).

    Args:
        stem: Filters and kernel size of the first convolution.
        pooled: The fire modules that a pooling follows.
    """
    x = net.conv_norm_act(x, *stem, 2, padding="valid", name="conv1")
    x = net.max_pool(x, 3, 2, padding="ceil", name="pool1")
    for module, squeezed in enumerate(FIRES, start=2):
        x = fire(net, x, squeezed, f"fire{module}")
        if module in pooled:
            x = net.max_pool(x, 3, 2, padding="ceil", name=f"pool{module}")
    return x


def torchvision_name(layer: str, pooled: tuple[int, ...]) -> str:
    """The name that torchvision gives to one of our layers; it counts convolutions, activations and poolings too."""
    ends = {"conv1_conv": "features.0", "logits": "classifier.1"}
    if layer in ends:
        return ends[layer]
    module, part = layer.removesuffix("_conv").split("_")
    number = int(module.removeprefix("fire"))
    return f"features.{number + 1 + sum(before < number for before in pooled)}.{part}"


def without_classifier(arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """The features of a state dict of torchvision."""
    return {name: array for name, array in arrays.items() if not name.startswith("classifier.")}


for _name, (_parameters, _top1, _source) in FACTS.items():
    _names = partial(torchvision_name, pooled=NETWORKS[_name]["pooled"])
    architecture(
        _name,
        224,
        paper="Iandola et al., SqueezeNet, 2016",
        parameters=_parameters,
        top1=_top1,
        top1_source=f"ImageNet; {_source}",
        state_dicts=(StateDictNames("torchvision", _names, {}, prepare=without_classifier),),
        wiring={"normalization": "none", "dropout": 0.5},
    )(partial(squeezenet, **NETWORKS[_name]))
