"""ConvNeXt: Liu et al., A ConvNet for the 2020s, 2022; Woo et al., ConvNeXt V2, 2023.

V2 has global response normalization between the two layers of each block and no layer scale. The smaller sizes are
those of the second paper, which V1 has in its table as well.
"""

from collections.abc import Sequence
from functools import partial

from imgcls.models.registry import architecture
from imgcls.models.weights import convnext_names
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

SIZES = {  # blocks a stage, filters of the first stage, drop path
    "atto": ((2, 2, 6, 2), 40, 0.1),
    "femto": ((2, 2, 6, 2), 48, 0.1),
    "pico": ((2, 2, 6, 2), 64, 0.1),
    "nano": ((2, 2, 8, 2), 80, 0.1),
    "tiny": ((3, 3, 9, 3), 96, 0.1),
    "small": ((3, 3, 27, 3), 96, 0.4),
    "base": ((3, 3, 27, 3), 128, 0.5),
}
NETWORKS = {  # trainable parameters, top-1 on ImageNet-1k at 224 pixels without other data
    "convnext_atto": (3_695_520, 75.7),
    "convnext_femto": (5_217_784, 77.5),
    "convnext_pico": (9_045_672, 79.5),
    "convnext_nano": (15_593_560, 80.8),
    "convnext_tiny": (28_589_128, 82.1),
    "convnext_small": (50_223_688, 83.1),
    "convnext_base": (88_591_464, 83.8),
    "convnextv2_atto": (3_708_400, 76.7),
    "convnextv2_femto": (5_233_240, 78.5),
    "convnextv2_pico": (9_066_280, 80.3),
    "convnextv2_nano": (15_623_800, 81.9),
    "convnextv2_tiny": (28_635_496, 83.0),
    "convnextv2_base": (88_717_800, 84.9),
}
TWINS = {f"convnext_{size}": f"ConvNeXt{size.title()}" for size in ("tiny", "small", "base")}
EXPANSION = 4  # of the channels inside a block
SCALE = 1e-6  # that layer scale starts from


def convnext(net: Wiring[Tensor], x: Tensor, blocks: Sequence[int], filters: int, v2: bool) -> Tensor:
    """blocks: in each stage. filters: of the first stage; each further stage has twice as many."""
    x = net.conv(x, filters, 4, 4, padding="valid", bias=True, name="stem_conv")
    x = net.norm(x, name="stem_norm")
    done = 0
    for stage, count in enumerate(blocks, start=1):
        if stage > 1:
            x = net.norm(x, name=f"stage{stage}_downsample_norm")
            filters *= 2
            x = net.conv(x, filters, 2, 2, padding="valid", bias=True, name=f"stage{stage}_downsample_conv")
        for block in range(1, count + 1):
            done += 1
            x = convnext_block(net, x, done / sum(blocks), v2, name=f"stage{stage}_block{block}")
    return x


def convnext_block(net: Wiring[Tensor], x: Tensor, position: float, v2: bool, name: str) -> Tensor:
    """Depthwise convolution, normalization, and two 1x1 convolutions. position: of the block in the network, to 1."""
    kept, filters = x, net.channels(x)
    x = net.depthwise(x, 7, bias=True, name=f"{name}_depthwise_conv")
    x = net.norm(x, name=f"{name}_norm")
    x = net.pointwise(x, EXPANSION * filters, name=f"{name}_expand_conv")
    x = net.act(x, name=f"{name}_expand")
    if v2:
        x = net.global_response_norm(x, name=f"{name}_response_norm")
    x = net.pointwise(x, filters, name=f"{name}_project_conv")
    if not v2:
        x = net.layer_scale(x, SCALE, name=f"{name}_scale")
    return net.add(kept, net.stochastic(x, position, name=f"{name}_drop_path"), name=name)


def convnext_head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """Global pooling, and a normalization behind it."""
    return net.to_normalized_vector(x, name="embedding")


V1 = "Liu et al., A ConvNet for the 2020s, 2022"
V2 = "Woo et al., ConvNeXt V2, 2023"

for _name, (_parameters, _top1) in NETWORKS.items():
    _v2, _size = _name.startswith("convnextv2"), _name.rpartition("_")[2]
    _blocks, _filters, _drop_path = SIZES[_size]
    architecture(
        _name,
        224,
        head=convnext_head,
        head_in_backbone=True,
        paper=V2 if _v2 else V1,
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; " + ("paper, table 1" if _name in TWINS else "V2's paper, table 14"),
        weights=keras_twin(TWINS[_name], "torch", "bicubic") if _name in TWINS else {},
        state_dicts=convnext_names.dialects(_v2),
        wiring={
            "activation": "gelu",
            "normalization": "channel",
            "norm_epsilon": 1e-6,
            "initializer": "glorot_uniform",  # the twin's; the paper's truncated normal takes longer to draw
            "drop_path": _drop_path,
        },
    )(partial(convnext, blocks=_blocks, filters=_filters, v2=_v2))
