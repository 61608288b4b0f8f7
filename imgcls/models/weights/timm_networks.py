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
PUBLISHED = (  # weights of networks here that come without any, such as timm takes where it is given no tag
    "convnext_atto.d2_in1k",
    "convnext_femto.d1_in1k",
    "convnext_pico.d1_in1k",
    "convnext_nano.in12k_ft_in1k",
    "convnextv2_atto.fcmae_ft_in1k",
    "convnextv2_femto.fcmae_ft_in1k",
    "convnextv2_pico.fcmae_ft_in1k",
    "convnextv2_nano.fcmae_ft_in22k_in1k",
    "convnextv2_tiny.fcmae_ft_in22k_in1k",
    "convnextv2_base.fcmae_ft_in22k_in1k",
    "densenet161.tv_in1k",
    "tf_efficientnet_lite3.in1k",
    "tf_efficientnet_lite4.in1k",
    "mobilenetv4_conv_small.e2400_r224_in1k",
    "mobilenetv4_conv_medium.e500_r256_in1k",
    "mobilenetv4_conv_large.e600_r384_in1k",
    "regnetx_002.pycls_in1k",
    "regnetx_004.pycls_in1k",
    "regnetx_006.pycls_in1k",
    "regnetx_008.tv2_in1k",
    "regnetx_016.tv2_in1k",
    "regnetx_032.tv2_in1k",
    "regnetx_040.pycls_in1k",
    "regnetx_064.pycls_in1k",
    "regnetx_080.tv2_in1k",
    "regnety_002.pycls_in1k",
    "regnety_004.tv2_in1k",
    "regnety_006.pycls_in1k",
    "regnety_008.pycls_in1k",
    "regnety_016.tv2_in1k",
    "regnety_032.tv2_in1k",
    "regnety_040.pycls_in1k",
    "regnety_064.pycls_in1k",
    "regnety_080.pycls_in1k",
    "repvgg_a0.rvgg_in1k",
    "repvgg_a1.rvgg_in1k",
    "repvgg_a2.rvgg_in1k",
    "repvgg_b0.rvgg_in1k",
    "repvgg_b1.rvgg_in1k",
    "repvgg_b2.rvgg_in1k",
    "resnet18.a1_in1k",
    "resnet34.a1_in1k",
    "resnet50.a1_in1k",
    "resnet101.a1h_in1k",
    "resnet152.a1h_in1k",
    "resnext50_32x4d.a1h_in1k",
    "resnext101_32x8d.tv2_in1k",
    "resnext101_64x4d.c1_in1k",
    "vgg11.tv_in1k",
    "vgg13.tv_in1k",
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    "vit_small_patch16_224.augreg_in21k_ft_in1k",
    "vit_base_patch16_224.augreg2_in21k_ft_in1k",
    "vit_small_patch14_dinov2.lvd142m",
    "vit_base_patch14_dinov2.lvd142m",
    "vit_small_patch14_reg4_dinov2.lvd142m",
    "vit_base_patch14_reg4_dinov2.lvd142m",
    "wide_resnet50_2.racm_in1k",
    "wide_resnet101_2.tv2_in1k",
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
