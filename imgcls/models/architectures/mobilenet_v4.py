"""MobileNetV4: Qin et al., MobileNetV4: Universal Models for the Mobile Ecosystem, 2024, in its convolutional form."""

from functools import partial
from typing import Any

from imgcls.models.architectures.inverted_residual import (
    InvertedResidual,
    UniversalBottleneck,
    fused_inverted_residual,
    round_filters,
    universal_bottleneck,
)
from imgcls.models.registry import architecture
from imgcls.models.weights import mobile_names
from imgcls.models.wiring import Tensor, Wiring

Block = tuple[Any, ...]
Stages = tuple[tuple[Block, ...], ...]

PLAIN, FUSED = "plain", "fused"  # blocks: kernel size, strides, expansion, filters
LAST: tuple[Block, ...] = ((PLAIN, 1, 1, 1, 960),)
STAGES: dict[str, Stages] = {  # universal: first and second kernel size, strides, expansion, filters; supplement, D
    "small": (
        ((PLAIN, 3, 2, 1, 32), (PLAIN, 1, 1, 1, 32)),
        ((PLAIN, 3, 2, 1, 96), (PLAIN, 1, 1, 1, 64)),
        ((5, 5, 2, 3, 96), *[(0, 3, 1, 2, 96)] * 4, (3, 0, 1, 4, 96)),
        ((3, 3, 2, 6, 128), (5, 5, 1, 4, 128), (0, 5, 1, 4, 128), (0, 5, 1, 3, 128), *[(0, 3, 1, 4, 128)] * 2),
        LAST,
    ),
    "medium": (
        ((FUSED, 3, 2, 4, 48),),
        ((3, 5, 2, 4, 80), (3, 3, 1, 2, 80)),
        (
            (3, 5, 2, 6, 160), *[(3, 3, 1, 4, 160)] * 2, (3, 5, 1, 4, 160), (3, 3, 1, 4, 160), (3, 0, 1, 4, 160),
            (0, 0, 1, 2, 160), (3, 0, 1, 4, 160),
        ),
        (
            (5, 5, 2, 6, 256), (5, 5, 1, 4, 256), *[(3, 5, 1, 4, 256)] * 2, (0, 0, 1, 4, 256), (3, 0, 1, 4, 256),
            (3, 5, 1, 2, 256), (5, 5, 1, 4, 256), *[(0, 0, 1, 4, 256)] * 2, (5, 0, 1, 2, 256),
        ),
        LAST,
    ),
    "large": (
        ((FUSED, 3, 2, 4, 48),),
        ((3, 5, 2, 4, 96), (3, 3, 1, 4, 96)),
        (
            (3, 5, 2, 4, 192), *[(3, 3, 1, 4, 192)] * 3, (3, 5, 1, 4, 192), *[(5, 3, 1, 4, 192)] * 5,
            (3, 0, 1, 4, 192),
        ),
        (
            (5, 5, 2, 4, 512), *[(5, 5, 1, 4, 512)] * 3, (5, 0, 1, 4, 512), (5, 3, 1, 4, 512),
            *[(5, 0, 1, 4, 512)] * 2, (5, 3, 1, 4, 512), (5, 5, 1, 4, 512), *[(5, 0, 1, 4, 512)] * 3,
        ),
        LAST,
    ),
}  # fmt: skip
SIZES = {  # filters of the stem, image size, trainable parameters as timm has them, top-1 on ImageNet
    "small": (32, 224, 3_774_024, 73.8),
    "medium": (32, 256, 9_715_512, 79.9),
    "large": (24, 384, 32_590_864, 82.9),
}
HEAD = 1280  # features


def mobilenet_v4(net: Wiring[Tensor], x: Tensor, stem: int, stages: Stages) -> Tensor:
    """Convolutions or a fused block, then universal inverted bottlenecks."""
    x = net.conv_norm_act(x, stem, 3, 2, name="stem")
    done, blocks = 0, sum(map(len, stages))
    for stage, rows in enumerate(stages, start=1):
        for block, row in enumerate(rows, start=1):
            x = made(net, x, row, done / blocks, f"stage{stage}_block{block}")
            done += 1
    return x


def made(net: Wiring[Tensor], x: Tensor, row: Block, position: float, name: str) -> Tensor:
    """One block of the table. position: see `Wiring.stochastic`."""
    kind, kernel_size, strides, expansion, filters = row
    if kind == PLAIN:
        return net.conv_norm_act(x, filters, kernel_size, strides, name=f"{name}_plain")
    expanded = round_filters(net.channels(x) * expansion)
    if kind == FUSED:
        sizes = InvertedResidual(kernel_size, strides, expanded, filters)
        return fused_inverted_residual(net, x, sizes, position, name)
    universal = UniversalBottleneck(kind, kernel_size, strides, expanded, filters)
    return universal_bottleneck(net, x, universal, position, name)


def mobilenet_v4_head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """A dense layer after the pooling, with a normalization of its own."""
    x = net.dense(net.to_vector(x, name="pool"), HEAD, bias=net.normalization == "none", name="head_dense")
    return net.act(net.norm(x, name="head_norm"), name="embedding")


for _name, (_stem, _image_size, _parameters, _top1) in SIZES.items():
    architecture(
        f"mobilenet_v4_conv_{_name}",
        _image_size,
        head=mobilenet_v4_head,
        paper="Qin et al., MobileNetV4, 2024",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper",
        state_dicts=mobile_names.timm_mobilenet_v4(),
        wiring={"padding": "symmetric", "norm_epsilon": 1e-5, "norm_momentum": 0.9, "dropout": 0.2},
    )(partial(mobilenet_v4, stem=_stem, stages=STAGES[_name]))
