"""timm's names of networks that are here."""

import pytest

from imgcls.models import find_architecture
from imgcls.models.weights.timm_networks import architecture_of


@pytest.mark.parametrize(
    ("weights", "ours"),
    [
        ("resnet50.a1_in1k", "resnet50_v1_5"),
        ("resnet18.a1_in1k", "resnet18"),
        ("efficientnet_b0.ra4_e3600_r224_in1k", "efficientnet_b0"),
        ("tf_efficientnet_lite0.in1k", "efficientnet_lite0"),
        ("tf_efficientnetv2_b0.in1k", "efficientnet_v2_b0"),
        ("mobilenetv2_100.ra_in1k", "mobilenet_v2"),
        ("mobilenetv2_140.ra_in1k", "mobilenet_v2_140"),
        ("mobilenetv4_conv_small.e2400_r224_in1k", "mobilenet_v4_conv_small"),
        ("convnext_nano.d1h_in1k", "convnext_nano"),
        ("convnextv2_tiny.fcmae_ft_in1k", "convnextv2_tiny"),
        ("deit_small_patch16_224.fb_in1k", "vit_small_patch16"),
        ("vit_small_patch14_reg4_dinov2.lvd142m", "vit_small_patch14_reg4_dinov2"),
        ("regnetx_002.pycls_in1k", "regnet_x_200mf"),
        ("regnety_016.tv2_in1k", "regnet_y_1_6gf"),
        ("regnety_080.pycls_in1k", "regnet_y_8gf"),
        ("repvgg_a0.rvgg_in1k", "repvgg_a0"),
        ("resnext50_32x4d.a1_in1k", "resnext50_32x4d"),
        ("wide_resnet50_2.racm_in1k", "wide_resnet50_2"),
        ("vgg16.tv_in1k", "vgg16"),
        ("densenet121.ra_in1k", "densenet121"),
    ],
)
def test_a_name_of_timm_is_that_of_a_network_here_that_reads_its_weights(weights, ours):
    assert architecture_of(weights) == ours
    assert any("timm" in names.project for names in find_architecture(ours).state_dicts)


@pytest.mark.parametrize("weights", ["beit_base_patch16_224.in22k", "resnet50d.a1_in1k", "", "model"])
def test_another_network_is_not_taken_for_one(weights):
    assert architecture_of(weights) == ""
