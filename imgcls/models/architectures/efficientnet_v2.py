"""EfficientNetV2: Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021."""

import math
from functools import partial

from imgcls.models.architectures.inverted_residual import (
    Excitation,
    InvertedResidual,
    fused_inverted_residual,
    inverted_residual,
    round_filters,
)
from imgcls.models.registry import architecture
from imgcls.models.weights import mobile_names
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

Stages = tuple[tuple[int, int, int, int], ...]

FUSED = 3  # so many stages at the beginning are fused; the others have squeeze-and-excitation
BASE: Stages = (  # strides, expansion, filters, blocks; B0 of the authors' code
    (1, 1, 16, 1),
    (2, 4, 32, 2),
    (2, 4, 48, 2),
    (2, 4, 96, 3),
    (1, 6, 112, 5),
    (2, 6, 192, 8),
)
STAGES: dict[str, Stages] = {  # S is table 4 of the paper; M and L as in the authors' code
    "s": ((1, 1, 24, 2), (2, 4, 48, 4), (2, 4, 64, 4), (2, 4, 128, 6), (1, 6, 160, 9), (2, 6, 256, 15)),
    "m": (
        (1, 1, 24, 3), (2, 4, 48, 5), (2, 4, 80, 5), (2, 4, 160, 7), (1, 6, 176, 14), (2, 6, 304, 18),
        (1, 6, 512, 5),
    ),
    "l": (
        (1, 1, 32, 4), (2, 4, 64, 7), (2, 4, 96, 7), (2, 4, 192, 10), (1, 6, 224, 19), (2, 6, 384, 25),
        (1, 6, 640, 7),
    ),
}  # fmt: skip
BASE_SIZES = {  # width, depth, image size, dropout, share of the crop, trainable parameters, top-1 by Keras' table
    "b0": (1.0, 1.0, 224, 0.2, 0.875, 7_139_704, 78.7),
    "b1": (1.0, 1.1, 240, 0.2, 0.882, 8_141_052, 79.8),
    "b2": (1.1, 1.2, 260, 0.3, 0.89, 10_096_086, 80.5),
    "b3": (1.2, 1.4, 300, 0.3, 0.904, 14_358_406, 82.0),
}
SIZES = {  # image size, dropout, trainable parameters, top-1 on ImageNet (table 7)
    "s": (384, 0.2, 21_458_488, 83.9),
    "m": (480, 0.3, 54_139_356, 85.1),
    "l": (480, 0.4, 118_515_272, 85.7),
}


def efficientnet_v2(net: Wiring[Tensor], x: Tensor, stem: int, stages: Stages, head: int) -> Tensor:
    """Fused inverted residuals, then inverted residuals (table 4).

    Args:
        stem: Filters of the first convolution.
        stages: Strides, expansion, filters and blocks of each.
        head: Filters of the last convolution.
    """
    x = net.conv_norm_act(x, stem, 3, 2, name="stem")
    done, blocks = 0, sum(row[-1] for row in stages)
    for stage, (strides, expansion, filters, count) in enumerate(stages, start=1):
        for block in range(1, count + 1):
            channels = net.channels(x)
            fused = stage <= FUSED
            sizes = InvertedResidual(
                3,
                strides if block == 1 else 1,
                channels * expansion if expansion > 1 else filters,
                filters,
                excitation=None if fused else Excitation(channels // 4, activation="swish"),
            )
            make = fused_inverted_residual if fused else inverted_residual
            x = make(net, x, sizes, done / blocks, f"stage{stage}_block{block}")
            done += 1
    return net.conv_norm_act(x, head, 1, name="head")


def scaled(stages: Stages, width: float, depth: float) -> Stages:
    """The stages with other filters and numbers of blocks; unlike those of EfficientNet, filters are only rounded."""
    return tuple(
        (strides, expansion, round_filters(filters * width, least=0), math.ceil(blocks * depth))
        for strides, expansion, filters, blocks in stages
    )


PAPER = "Tan and Le, EfficientNetV2, 2021"
WIRING = {"activation": "swish", "initializer": "he_normal_fan_out", "norm_momentum": 0.9, "drop_path": 0.2}

for _name, (_width, _depth, _image_size, _dropout, _crop_share, _parameters, _top1) in BASE_SIZES.items():
    architecture(
        f"efficientnet_v2_{_name}",
        _image_size,
        paper=PAPER,
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; Keras' table of its networks",
        weights=keras_twin(f"EfficientNetV2{_name.upper()}", "torch", "bicubic", _crop_share),
        state_dicts=mobile_names.timm_efficientnet_v2_base(),
        wiring={**WIRING, "dropout": _dropout},
    )(
        partial(
            efficientnet_v2,
            stem=round_filters(32 * _width),
            stages=scaled(BASE, _width, _depth),
            head=round_filters(1280 * _width),
        )
    )

for _name, (_image_size, _dropout, _parameters, _top1) in SIZES.items():
    _stages = STAGES[_name]
    architecture(
        f"efficientnet_v2_{_name}",
        _image_size,
        paper=PAPER,
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 7",
        weights=keras_twin(f"EfficientNetV2{_name.upper()}", "128", "bicubic", 1.0),
        state_dicts=mobile_names.efficientnet_v2(len(_stages), half_pixels=_name == "l"),
        wiring={**WIRING, "dropout": _dropout},
    )(partial(efficientnet_v2, stem=_stages[0][2], stages=_stages, head=1280))
