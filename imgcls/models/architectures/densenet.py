"""DenseNet: Huang et al., Densely Connected Convolutional Networks, 2017."""

import re
from functools import partial

from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

IMAGENET = {  # layers a block, growth rate, filters of the stem, parameters, top-1 on ImageNet
    "densenet121": ((6, 12, 24, 16), 32, 64, 7_978_856, 74.98),
    "densenet161": ((6, 12, 36, 24), 48, 96, 28_681_000, 77.14),
    "densenet169": ((6, 12, 32, 32), 32, 64, 14_149_480, 76.20),
    "densenet201": ((6, 12, 48, 32), 32, 64, 20_013_928, 77.42),
}
CIFAR_LAYERS, CIFAR_GROWTH = (16, 16, 16), 12  # BC form with 100 layers: (100 - 4) / 6 in each block


def dense_layer(net: Wiring[Tensor], x: Tensor, growth: int, position: float, name: str) -> Tensor:
    """A 1x1 and a 3x3 convolution, each after normalisation and activation; what they make is put behind the input."""
    y = net.act(net.norm(x, name=f"{name}_0_norm"), name=f"{name}_0")
    y = net.conv_norm_act(y, 4 * growth, 1, name=f"{name}_1")
    y = net.conv(y, growth, 3, name=f"{name}_2_conv")
    return net.concat([x, net.stochastic(y, position, name=f"{name}_drop")], name=name)


def dense_blocks(net: Wiring[Tensor], x: Tensor, layers: tuple[int, ...], growth: int) -> Tensor:
    """Dense blocks, and between two of them a 1x1 convolution that halves the channels and a pooling."""
    done = 0
    for block, count in enumerate(layers, start=1):
        for layer in range(1, count + 1):
            done += 1
            x = dense_layer(net, x, growth, done / sum(layers), f"block{block}_layer{layer}")
        if block < len(layers):
            name = f"transition{block}"
            x = net.act(net.norm(x, name=f"{name}_norm"), name=name)
            x = net.conv(x, net.channels(x) // 2, 1, name=f"{name}_conv")
            x = net.average_pool(x, 2, 2, name=f"{name}_pool")
    return net.act(net.norm(x, name="last_norm"), name="last")


def densenet(net: Wiring[Tensor], x: Tensor, layers: tuple[int, ...], growth: int, stem: int) -> Tensor:
    """The form for photos: a 7x7 convolution and a pooling before the dense blocks."""
    x = net.conv_norm_act(x, stem, 7, 2, name="stem")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    return dense_blocks(net, x, layers, growth)


def cifar_densenet(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """The form for images of 32 pixels: a 3x3 convolution before the dense blocks."""
    x = net.conv(x, 2 * CIFAR_GROWTH, 3, name="stem_conv")
    return dense_blocks(net, x, CIFAR_LAYERS, CIFAR_GROWTH)


def torch_name(layer: str) -> str:
    """The name that torchvision and timm give to one of our layers."""
    ends = {"stem_conv": "conv0", "stem_norm": "norm0", "last_norm": "norm5"}
    if layer == "logits":
        return "classifier"
    if layer in ends:
        return f"features.{ends[layer]}"
    if layer.startswith("transition"):
        return f"features.{layer.replace('_', '.')}"
    place = re.fullmatch(r"block(\d+)_layer(\d+)_(\d)_(conv|norm)", layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no block; expected a name such as block1_layer1_1_conv.")
    block, number, part, kind = place.groups()
    part = int(part) + (kind == "norm")  # theirs count the normalisation before a convolution with it
    return f"features.denseblock{block}.denselayer{number}.{kind}{part}"


PAPER = "Huang et al., Densely Connected Convolutional Networks, 2017"
WIRING = {"padding": "symmetric", "norm_epsilon": 1.001e-5, "norm_momentum": 0.9}

for _name, (_layers, _growth, _stem, _parameters, _top1) in IMAGENET.items():
    architecture(
        _name,
        224,
        paper=PAPER,
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; " + ("torchvision" if _name == "densenet161" else "paper, table 3"),
        wiring=WIRING,
        weights=keras_twin(f"DenseNet{_name[-3:]}", "torch") if _name != "densenet161" else {},
        state_dicts=(StateDictNames("torchvision, timm", torch_name),),
    )(partial(densenet, layers=_layers, growth=_growth, stem=_stem))

architecture(
    "densenet_bc_100_12",
    32,
    num_classes=10,
    paper=PAPER,
    parameters=769_162,
    top1=95.49,
    top1_source="CIFAR-10; paper, table 2",
    wiring=WIRING,
)(cifar_densenet)
