"""MobileNets.

Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017 (v1).
Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018.
Howard et al., Searching for MobileNetV3, 2019.
"""

from functools import partial

from imgcls.models.architectures.inverted_residual import (
    Excitation,
    InvertedResidual,
    inverted_residual,
    round_filters,
)
from imgcls.models.registry import architecture
from imgcls.models.weights import mobile_names
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

V1 = (  # filters, strides; table 1
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)
)  # fmt: skip
V2 = (  # expansion, filters, blocks, strides; table 2
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
V3 = {  # kernel size, expansion, filters, squeeze-and-excitation, activation, strides; tables 1 and 2
    "large": (
        (3, 1, 16, False, "relu", 1), (3, 4, 24, False, "relu", 2), (3, 3, 24, False, "relu", 1),
        (5, 3, 40, True, "relu", 2), (5, 3, 40, True, "relu", 1), (5, 3, 40, True, "relu", 1),
        (3, 6, 80, False, "hard_swish", 2), (3, 2.5, 80, False, "hard_swish", 1),
        (3, 2.3, 80, False, "hard_swish", 1), (3, 2.3, 80, False, "hard_swish", 1),
        (3, 6, 112, True, "hard_swish", 1), (3, 6, 112, True, "hard_swish", 1),
        (5, 6, 160, True, "hard_swish", 2), (5, 6, 160, True, "hard_swish", 1), (5, 6, 160, True, "hard_swish", 1),
    ),
    "small": (
        (3, 1, 16, True, "relu", 2), (3, 72 / 16, 24, False, "relu", 2), (3, 88 / 24, 24, False, "relu", 1),
        (5, 4, 40, True, "hard_swish", 2), (5, 6, 40, True, "hard_swish", 1), (5, 6, 40, True, "hard_swish", 1),
        (5, 3, 48, True, "hard_swish", 1), (5, 3, 48, True, "hard_swish", 1),
        (5, 6, 96, True, "hard_swish", 2), (5, 6, 96, True, "hard_swish", 1), (5, 6, 96, True, "hard_swish", 1),
    ),
}  # fmt: skip


def mobilenet_v1(net: Wiring[Tensor], x: Tensor, width: float) -> Tensor:
    """Depthwise and 1x1 convolutions by turns."""
    x = net.conv_norm_act(x, int(32 * width), 3, 2, name="stem")
    for block, (filters, strides) in enumerate(V1, start=1):
        name = f"block{block}"
        x = net.norm(net.depthwise(x, 3, strides, name=f"{name}_depthwise_conv"), name=f"{name}_depthwise_norm")
        x = net.act(x, name=f"{name}_depthwise")
        x = net.conv_norm_act(x, int(filters * width), 1, name=f"{name}_pointwise")
    return x


def mobilenet_v2(net: Wiring[Tensor], x: Tensor, width: float) -> Tensor:
    """Inverted residuals between two convolutions (table 2)."""
    x = net.conv_norm_act(x, round_filters(32 * width), 3, 2, name="stem")
    for stage, (expansion, filters, blocks, strides) in enumerate(V2, start=1):
        for block in range(1, blocks + 1):
            expanded, outputs = net.channels(x) * expansion, round_filters(int(filters * width))
            sizes = InvertedResidual(3, strides if block == 1 else 1, expanded, outputs)
            x = inverted_residual(net, x, sizes, stage / len(V2), f"stage{stage}_block{block}")
    return net.conv_norm_act(x, round_filters(1280 * max(width, 1.0)), 1, name="head")


def mobilenet_v3(net: Wiring[Tensor], x: Tensor, size: str, width: float) -> Tensor:
    """Inverted residuals with squeeze-and-excitation (tables 1 and 2). size: "large" or "small"."""
    x = net.conv_norm_act(x, 16, 3, 2, name="stem")
    for block, (kernel_size, expansion, filters, excite, activation, strides) in enumerate(V3[size], start=1):
        expanded = round_filters(net.channels(x) * expansion)
        excitation = Excitation(round_filters(expanded / 4), gate="hard_sigmoid") if excite else None
        outputs = round_filters(filters * width)
        sizes = InvertedResidual(kernel_size, strides, expanded, outputs, activation, excitation)
        x = inverted_residual(net, x, sizes, block / len(V3[size]), f"block{block}")
    return net.conv_norm_act(x, round_filters(6 * net.channels(x)), 1, name="last")


def mobilenet_v3_head(net: Wiring[Tensor], x: Tensor, units: int) -> Tensor:
    """A dense layer after the pooling."""
    x = net.dense(net.to_vector(x, name="pool"), units, name="head_dense")
    return net.act(x, name="embedding")


def variant(name: str, width: float) -> str:
    """The name with the width in percent, as timm has it, where it is not 100."""
    return name if width == 1.0 else f"{name}_{round(width * 100):03d}"


Facts = tuple[int | None, float | None]  # parameters and top-1, where they are published

TF = {"norm_momentum": 0.999}
V1_FACTS: dict[float, Facts] = {
    0.25: (470_072, 50.6),
    0.5: (1_331_592, 63.7),
    0.75: (2_585_560, 68.4),
    1.0: (4_231_976, 70.6),
}
V2_FACTS: dict[float, Facts | None] = {
    0.35: None,
    0.5: None,
    0.75: None,
    1.0: (3_504_872, 72.0),
    1.3: None,
    1.4: (None, 74.7),
}
V3_FACTS: dict[tuple[str, float], Facts] = {
    ("large", 1.0): (5_483_032, 75.2),
    ("large", 0.75): (None, 73.3),
    ("small", 1.0): (2_542_856, 67.4),
    ("small", 0.75): (None, 65.4),
}

for _width, (_parameters, _top1) in V1_FACTS.items():
    architecture(
        variant("mobilenet_v1", _width),
        224,
        paper="Howard et al., MobileNets, 2017",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 6",
        wiring={"activation": "relu6", "dropout": 0.001},
        weights=keras_twin("MobileNet", "tf", alpha=_width),
    )(partial(mobilenet_v1, width=_width))

for _width, _facts in V2_FACTS.items():
    _parameters, _top1 = _facts or (None, None)
    _blocks = tuple(row[2] for row in V2)
    architecture(
        variant("mobilenet_v2", _width),
        224,
        paper="Sandler et al., MobileNetV2, 2018",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 4" if _top1 else "",
        wiring={"activation": "relu6", "dropout": 0.2, **TF},
        weights=keras_twin("MobileNetV2", "tf", alpha=_width),
        state_dicts=(mobile_names.torchvision_mobilenet_v2(_blocks), mobile_names.timm()),
    )(partial(mobilenet_v2, width=_width))

for (_size, _width), (_parameters, _top1) in V3_FACTS.items():
    architecture(
        variant(f"mobilenet_v3_{_size}", _width),
        224,
        paper="Howard et al., Searching for MobileNetV3, 2019",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 3",
        wiring={"activation": "hard_swish", "dropout": 0.2, **TF},
        weights=keras_twin(f"MobileNetV3{_size.title()}", "tf", alpha=_width),
        head=partial(mobilenet_v3_head, units={"large": 1280, "small": 1024}[_size]),
    )(partial(mobilenet_v3, size=_size, width=_width))
