"""EfficientNet-Lite: Tan and Le, EfficientNet, 2019, in the form for small devices.

The Lite form has ReLU6 for Swish, no squeeze-and-excitation, and leaves the stem, the head and the depth of the first
and last stage unscaled (the reference implementation's `efficientnet_lite_builder`).
"""

import math
from functools import partial

from imgcls.models.registry import Architecture, register
from imgcls.models.weights.efficientnet_lite import lite_weights
from imgcls.models.wiring import Wiring

STAGES = (  # kernel size, strides, expansion, filters, blocks; table 1 of the paper
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
LITE = {  # width, depth, image size
    "efficientnet_lite0": (1.0, 1.0, 224),
    "efficientnet_lite1": (1.0, 1.1, 240),
    "efficientnet_lite2": (1.1, 1.2, 260),
    "efficientnet_lite3": (1.2, 1.4, 280),
    "efficientnet_lite4": (1.4, 1.8, 300),
}


def round_filters(filters: int, width: float) -> int:
    """The multiple of 8 nearest to filters * width, at most a tenth below it."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def inverted_residual(net: Wiring, x, filters_in: int, kernel_size, strides, expansion, filters: int, name: str):
    """Expansion, depthwise convolution, projection, and a shortcut where the shapes agree."""
    shortcut = x
    if expansion > 1:
        x = net.conv(x, filters_in * expansion, 1, name=f"{name}_expand_conv")
        x = net.act(net.norm(x, name=f"{name}_expand_norm"))
    x = net.depthwise(x, kernel_size, strides, name=f"{name}_depthwise_conv")
    x = net.act(net.norm(x, name=f"{name}_depthwise_norm"))
    x = net.conv(x, filters, 1, name=f"{name}_project_conv")
    x = net.norm(x, name=f"{name}_project_norm")
    if strides == 1 and filters_in == filters:
        x = net.add(x, shortcut, name=f"{name}_add")
    return x


def efficientnet_lite(net: Wiring, x, width: float, depth: float):
    x = net.conv(x, 32, 3, strides=2, name="stem_conv")
    x = net.act(net.norm(x, name="stem_norm"), name="stem")
    filters_in = 32
    for stage, (kernel_size, strides, expansion, filters, blocks) in enumerate(STAGES, start=1):
        filters = round_filters(filters, width)
        if 1 < stage < len(STAGES):
            blocks = math.ceil(blocks * depth)
        for block in range(1, blocks + 1):
            name = f"stage{stage}_block{block}"
            x = inverted_residual(
                net, x, filters_in, kernel_size, strides if block == 1 else 1, expansion, filters, name
            )
            filters_in = filters
    x = net.conv(x, 1280, 1, name="head_conv")
    return net.act(net.norm(x, name="head_norm"), name="head")


for _name, (_width, _depth, _image_size) in LITE.items():
    register(
        Architecture(
            _name,
            build=partial(efficientnet_lite, width=_width, depth=_depth),
            image_size=_image_size,
            paper="Tan and Le, EfficientNet: Rethinking Model Scaling for CNNs, 2019 (Lite form)",
            weights=lite_weights(_name),
            wiring={"activation": "relu6"},
        )
    )
