"""Residual networks.

He et al., Deep Residual Learning for Image Recognition, 2015 (v1, the CIFAR and the plain networks).
He et al., Identity Mappings in Deep Residual Networks, 2016 (v2: normalisation and activation before the convolution).
Hu et al., Squeeze-and-Excitation Networks, 2017.
"""

import re
from functools import partial

from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Wiring

DEPTHS = {  # blocks a stage, and whether they are bottlenecks; table 1 of the first paper
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


def residual_block(
    net: Wiring, x, filters: int, strides: int, position: float, name: str, *,
    bottleneck: bool, stride_first: bool, project: bool, plain: bool, excite: int,
):  # fmt: skip
    """Two 3x3 convolutions, or 1x1, 3x3 and 1x1 (figure 5), and a shortcut, before the last activation.

    stride_first: of a bottleneck, whether the first convolution has the stride (v1) or the 3x3 one (v1.5).
    project: whether a shortcut between other shapes has weights (option B) or none (option A).
    plain: no shortcut at all. excite: by how much squeeze-and-excitation reduces the channels; 0 leaves it out.
    """
    outputs = 4 * filters if bottleneck else filters
    shortcut = x
    if strides > 1 or net.channels(x) != outputs:
        if project:
            shortcut = net.norm(
                net.conv(x, outputs, 1, strides, name=f"{name}_shortcut_conv"), name=f"{name}_shortcut_norm"
            )
        elif not plain:
            shortcut = net.parameter_free_shortcut(x, outputs, strides, name=f"{name}_shortcut")
    if bottleneck:
        x = net.conv_norm_act(x, filters, 1, strides if stride_first else 1, name=f"{name}_1")
        x = net.conv_norm_act(x, filters, 3, 1 if stride_first else strides, name=f"{name}_2")
    else:
        x = net.conv_norm_act(x, filters, 3, strides, name=f"{name}_1")
    last = 3 if bottleneck else 2
    x = net.norm(net.conv(x, outputs, 1 if bottleneck else 3, name=f"{name}_{last}_conv"), name=f"{name}_{last}_norm")
    if excite:
        x = net.squeeze_excite(x, max(outputs // excite, 4), name=f"{name}_excite")
    if not plain:
        x = net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=f"{name}_add")
    return net.act(x, name=name)


def preactivated_block(
    net: Wiring,
    x,
    filters: int,
    strides: int,
    position: float,
    name: str,
    *,
    bottleneck: bool,
    project: bool,
    bias: bool,
):
    """The same with normalisation and activation before each convolution (v2).

    project: whether the shortcut is a convolution. bias: of the convolutions that no normalisation follows.
    """
    outputs = 4 * filters if bottleneck else filters
    before = net.act(net.norm(x, name=f"{name}_0_norm"), name=f"{name}_0")
    if project:
        shortcut = net.conv(before, outputs, 1, strides, bias=bias, name=f"{name}_shortcut_conv")
    else:
        shortcut = net.max_pool(x, 1, strides, name=f"{name}_shortcut") if strides > 1 else x
    if bottleneck:
        x = net.conv_norm_act(before, filters, 1, name=f"{name}_1")
        x = net.conv_norm_act(x, filters, 3, strides, name=f"{name}_2")
        x = net.conv(x, outputs, 1, bias=bias, name=f"{name}_3_conv")
    else:
        x = net.conv_norm_act(before, filters, 3, strides, name=f"{name}_1")
        x = net.dropped(x, name=f"{name}_dropout")
        x = net.conv(x, outputs, 3, bias=bias, name=f"{name}_2_conv")
    return net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=name)


def positions(blocks):
    """(stage, block, share of all blocks up to this one), in order; stages and blocks count from 1."""
    done, every = 0, sum(blocks)
    for stage, count in enumerate(blocks, start=1):
        for block in range(1, count + 1):
            done += 1
            yield stage, block, done / every


def resnet(net: Wiring, x, blocks, bottleneck: bool, stride_first: bool = True, excite: int = 0):
    """Versions 1 and 1.5 for photos."""
    x = net.conv_norm_act(x, 64, 7, 2, name="stem")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    for stage, block, position in positions(blocks):
        strides = 2 if block == 1 and stage > 1 else 1
        x = residual_block(
            net, x, 32 * 2**stage, strides, position, f"stage{stage}_block{block}",
            bottleneck=bottleneck, stride_first=stride_first, project=True, plain=False, excite=excite,
        )  # fmt: skip
    return x


def resnet_v2(net: Wiring, x, blocks, bottleneck: bool):
    """Version 2 for photos. As in the authors' later code, the last block of a stage has the stride."""
    x = net.conv(x, 64, 7, 2, bias=True, name="stem_conv")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    for stage, block, position in positions(blocks):
        strides = 2 if block == blocks[stage - 1] and stage < len(blocks) else 1
        x = preactivated_block(
            net, x, 32 * 2**stage, strides, position, f"stage{stage}_block{block}",
            bottleneck=bottleneck, project=block == 1, bias=True,
        )  # fmt: skip
    return net.act(net.norm(x, name="last_norm"), name="last")


def torch_name(layer: str) -> str:
    """The name that torchvision and timm give to one of our layers."""
    fixed = {"stem_conv": "conv1", "stem_norm": "bn1", "logits": "fc"}
    if layer in fixed:
        return fixed[layer]
    stage, block, part = re.fullmatch(r"stage(\d+)_block(\d+)_(.+)", layer).groups()
    shortcut = {"shortcut_conv": "downsample.0", "shortcut_norm": "downsample.1"}
    part = shortcut.get(part) or re.sub(
        r"(\d)_(conv|norm)", lambda m: {"conv": "conv", "norm": "bn"}[m[2]] + m[1], part
    )
    return f"layer{stage}.{int(block) - 1}.{part}"


V1 = "He et al., Deep Residual Learning for Image Recognition, 2015"
V2 = "He et al., Identity Mappings in Deep Residual Networks, 2016"
SE = "Hu et al., Squeeze-and-Excitation Networks, 2017"
KERAS_TABLE = "ImageNet; Keras Applications"
WIRING = {"padding": "symmetric", "norm_epsilon": 1.001e-5, "norm_momentum": 0.9}
PARAMETERS = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160, 152: 60_192_808}
TOP1 = {  # of v1, v1.5 and v2, with the place; the first two depths are the same network in v1 and v1.5
    18: ((69.76, "ImageNet; torchvision"), None, None),
    34: ((73.31, "ImageNet; torchvision"), None, None),
    50: ((74.9, KERAS_TABLE), (76.13, "ImageNet; torchvision"), (76.0, KERAS_TABLE)),
    101: ((76.4, KERAS_TABLE), (77.37, "ImageNet; torchvision"), (77.2, KERAS_TABLE)),
    152: ((76.6, KERAS_TABLE), (78.31, "ImageNet; torchvision"), (78.0, KERAS_TABLE)),
}
NAMES = (StateDictNames("torchvision, timm", torch_name, {"norm_epsilon": 1e-5}),)
UNKNOWN = (None, "")

for _depth, (_blocks, _bottleneck) in DEPTHS.items():
    _v1, _v15, _v2 = (top1 or UNKNOWN for top1 in TOP1[_depth])
    _shared = {"image_size": 224, "wiring": WIRING, "parameters": PARAMETERS[_depth]}
    architecture(
        f"resnet{_depth}", paper=V1, top1=_v1[0], top1_source=_v1[1],
        weights=keras_twin(f"ResNet{_depth}", "caffe") if _bottleneck else {},
        state_dicts=() if _bottleneck else NAMES, **_shared,
    )(partial(resnet, blocks=_blocks, bottleneck=_bottleneck))  # fmt: skip
    if _bottleneck:
        architecture(
            f"resnet{_depth}_v1_5", paper=f"{V1}, as in torchvision", top1=_v15[0], top1_source=_v15[1],
            state_dicts=NAMES, **_shared,
        )(partial(resnet, blocks=_blocks, bottleneck=True, stride_first=False))  # fmt: skip
    architecture(
        f"resnet{_depth}_v2", 224, paper=V2, top1=_v2[0], top1_source=_v2[1], wiring=WIRING,
        weights=keras_twin(f"ResNet{_depth}V2", "tf") if _bottleneck else {},
    )(partial(resnet_v2, blocks=_blocks, bottleneck=_bottleneck))  # fmt: skip

for _depth, _parameters, _top1 in ((50, 28_088_024, 76.71), (101, 49_326_872, 77.62)):
    _blocks, _bottleneck = DEPTHS[_depth]
    architecture(
        f"se_resnet{_depth}", 224, paper=SE, wiring=WIRING, parameters=_parameters, top1=_top1,
        top1_source="ImageNet; paper, table 2",
    )(partial(resnet, blocks=_blocks, bottleneck=True, excite=16))  # fmt: skip
