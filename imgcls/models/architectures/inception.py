"""Later Inception networks.

Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015 (v3).
Szegedy et al., Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, 2016.

A module is a tuple of branches, a branch a tuple of steps. A step is (filters, kernel size), (filters, kernel size,
strides) without padding, a pooling, or a tuple of branches in its turn.
"""

from collections.abc import Iterator
from typing import Any

from imgcls.models.registry import architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

Branch = tuple[Any, ...]  # steps; see above
Branches = tuple[Branch, ...]

AVERAGE, HALVE = "average", "halve"  # poolings: 3x3 average with padding, 3x3 maximum with stride 2


def steps(net: Wiring[Tensor], x: Tensor, branch: Branch, name: str) -> Tensor:
    """One branch."""
    for i, step in enumerate(branch, start=1):
        here = f"{name}_{i}"
        if step == AVERAGE:
            x = net.average_pool(x, 3, 1, padding="same", name=here)
        elif step == HALVE:
            x = net.max_pool(x, 3, 2, name=here)
        elif isinstance(step[0], tuple):
            x = module(net, x, step, here)
        else:
            filters, kernel_size, *strides = step
            padding = "valid" if strides else "same"
            x = net.conv_norm_act(x, filters, kernel_size, *strides, padding=padding, name=here)
    return x


def module(net: Wiring[Tensor], x: Tensor, branches: Branches, name: str) -> Tensor:
    """Branches side by side."""
    return net.concat([steps(net, x, branch, f"{name}_b{i}") for i, branch in enumerate(branches, start=1)], name=name)


def scaled_residual(net: Wiring[Tensor], x: Tensor, branches: Branches, scale: float, name: str) -> Tensor:
    """A module whose result, brought to the channels of the input and scaled down, is added to it."""
    y = module(net, x, branches, f"{name}_mixed")
    y = net.scale(net.conv(y, net.channels(x), 1, bias=True, name=f"{name}_up_conv"), scale, name=f"{name}_scale")
    return net.add(x, y, name=f"{name}_add")


STEM = ((32, 3, 2), (32, 3, 1), (64, 3), HALVE, (80, 1, 1), (192, 3, 1), HALVE)


def v3_modules() -> Iterator[Branches]:
    """Figures 5 to 7 of the paper, in the sizes of its authors' code."""
    for pooled in (32, 64, 64):
        yield ((64, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)), (AVERAGE, (pooled, 1))
    yield ((384, 3, 2),), ((64, 1), (96, 3), (96, 3, 2)), (HALVE,)
    for n in (128, 160, 160, 192):
        long = ((n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7)))
        yield ((192, 1),), ((n, 1), (n, (1, 7)), (192, (7, 1))), long, (AVERAGE, (192, 1))
    yield ((192, 1), (320, 3, 2)), ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2)), (HALVE,)
    for _ in range(2):
        split = (((384, (1, 3)),), ((384, (3, 1)),))
        yield ((320, 1),), ((384, 1), split), ((448, 1), (384, 3), split), (AVERAGE, (192, 1))


def v4_modules() -> Iterator[Branches]:
    """Figures 3 to 8 of the second paper."""
    yield (HALVE,), ((96, 3, 2),)
    yield ((64, 1), (96, 3, 1)), ((64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3, 1))
    yield ((192, 3, 2),), (HALVE,)
    for _ in range(4):
        yield ((96, 1),), ((64, 1), (96, 3)), ((64, 1), (96, 3), (96, 3)), (AVERAGE, (96, 1))
    yield ((384, 3, 2),), ((192, 1), (224, 3), (256, 3, 2)), (HALVE,)
    long: Branch
    for _ in range(7):
        long = ((192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7)))
        yield ((384, 1),), ((192, 1), (224, (1, 7)), (256, (7, 1))), long, (AVERAGE, (128, 1))
    yield ((192, 1), (192, 3, 2)), ((256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2)), (HALVE,)
    for _ in range(3):
        split = (((256, (1, 3)),), ((256, (3, 1)),))
        long = ((384, 1), (448, (3, 1)), (512, (1, 3)), split)
        yield ((256, 1),), ((384, 1), split), long, (AVERAGE, (256, 1))


RESIDUAL_STAGES = (  # a module or None, then branches, scale, blocks; in the sizes of the authors' code
    (
        (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)), (AVERAGE, (64, 1))),
        (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))), 0.17, 10,
    ),
    (
        (((384, 3, 2),), ((256, 1), (256, 3), (384, 3, 2)), (HALVE,)),
        (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))), 0.1, 20,
    ),
    (
        (((256, 1), (384, 3, 2)), ((256, 1), (288, 3, 2)), ((256, 1), (288, 3), (320, 3, 2)), (HALVE,)),
        (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))), 0.2, 10,
    ),
)  # fmt: skip
RETHINKING = "Szegedy et al., Rethinking the Inception Architecture, 2015"
V4 = "Szegedy et al., Inception-v4, Inception-ResNet, 2016"


@architecture(
    "inception_v3",
    image_size=299,
    paper=RETHINKING,
    parameters=23_817_352,
    top1=78.8,
    top1_source="ImageNet; paper, table 3",
    weights=keras_twin("InceptionV3", "tf"),
    wiring={"norm_scale": False, "dropout": 0.2},
)
def inception_v3(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """A stem of convolutions, then eleven modules (table 1)."""
    x = steps(net, x, STEM, "stem")
    for i, branches in enumerate(v3_modules()):
        x = module(net, x, branches, f"mixed{i}")
    return x


@architecture(
    "inception_v4",
    image_size=299,
    paper=V4,
    parameters=42_679_816,
    top1=80.0,
    top1_source="ImageNet; paper, table 2",
    wiring={"dropout": 0.2},
)
def inception_v4(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """Three convolutions, then modules that begin within the stem (figure 9)."""
    x = steps(net, x, ((32, 3, 2), (32, 3, 1), (64, 3)), "stem")
    for i, branches in enumerate(v4_modules()):
        x = module(net, x, branches, f"mixed{i}")
    return x


@architecture(
    "inception_resnet_v2",
    image_size=299,
    paper=V4,
    parameters=55_813_192,
    top1=80.1,
    top1_source="ImageNet; paper, table 2",
    weights=keras_twin("InceptionResNetV2", "tf"),
    wiring={"norm_scale": False, "dropout": 0.2},
)
def inception_resnet_v2(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """The stem of Inception-v3, then three stages of scaled residual modules (figure 15)."""
    x = steps(net, x, STEM, "stem")
    for stage, (before, branches, scale, blocks) in enumerate(RESIDUAL_STAGES, start=1):
        x = module(net, x, before, f"stage{stage}_before")
        for block in range(1, blocks + 1):
            last = stage == len(RESIDUAL_STAGES) and block == blocks  # neither scaled nor activated
            name = f"stage{stage}_block{block}"
            x = scaled_residual(net, x, branches, 1.0 if last else scale, name)
            x = x if last else net.act(x, name=name)
    return net.conv_norm_act(x, 1536, 1, name="last")
