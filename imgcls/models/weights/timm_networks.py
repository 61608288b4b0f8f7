"""Which network here is which of timm's, by its name there."""

import re

from imgcls.models.registry import list_models

SAME = re.compile(
    r"(?:tf_)?(resnet(?:18|34)|vgg\d\d|densenet\d+|efficientnet_(?:b\d|lite\d)|convnext(?:v2)?_\w+|repvgg_\w+"
    r"|resnext\d+_\w+|wide_resnet\d+_2|vit_\w+_dinov2)"
)
RULES = (  # pattern of timm's names, and ours
    (re.compile(r"resnet(50|101|152)"), r"resnet\1_v1_5"),
    (re.compile(r"mobilenetv2_100"), "mobilenet_v2"),
    (re.compile(r"mobilenetv2_(\d{3})"), r"mobilenet_v2_\1"),
    (re.compile(r"mobilenetv4_(conv_\w+)"), r"mobilenet_v4_\1"),
    (re.compile(r"tf_efficientnetv2_(b\d|[sml])"), r"efficientnet_v2_\1"),
    (re.compile(r"(?:vit|deit)_(tiny|small|base)_patch16_224"), r"vit_\1_patch16"),
)
REGNET = re.compile(r"regnet([xy])_(\d{2})(\d)")  # 002 are 200 million MACs, 016 are 1.6 billion


def architecture_of(weights: str) -> str:
    """The name here of the network of some weights of timm; empty if it is not here.

    Args:
        weights: Their name, such as "resnet50.a1_in1k".

    Example:
        >>> architecture_of("resnet50.a1_in1k"), architecture_of("beit_base_patch16_224.in22k")
        ('resnet50_v1_5', '')
    """
    theirs = weights.partition(".")[0]
    found = _translated(theirs)
    return found if found in list_models() else ""


def _translated(theirs: str) -> str:
    if same := SAME.fullmatch(theirs):
        return same[1]
    if regnet := REGNET.fullmatch(theirs):
        family, billions, tenth = regnet[1], int(regnet[2]), regnet[3]
        size = f"{tenth}00mf" if not billions else f"{billions}gf" if tenth == "0" else f"{billions}_{tenth}gf"
        return f"regnet_{family}_{size}"
    return next((rule.sub(ours, theirs) for rule, ours in RULES if rule.fullmatch(theirs)), "")
