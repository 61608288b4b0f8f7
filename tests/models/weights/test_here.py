"""Which weights of a network are here, and which are published elsewhere."""

from dataclasses import replace

import pytest

from imgcls.models import find_architecture, list_models
from imgcls.models.weights.here import (
    automatic_weights,
    published_name,
    weights_here,
    weights_in_folder,
    why_automatic,
)
from imgcls.models.weights.timm_networks import PUBLISHED, architecture_of

ATTO = "convnext_atto.d2_in1k"


@pytest.fixture
def files(folder):
    """Puts empty weight files into the folder."""
    folder.mkdir()

    def put(*names: str) -> None:
        for name in names:
            (folder / name).touch()

    return put


def test_weights_in_the_folder_are_taken_and_their_file_is_named(files, folder):
    atto = find_architecture("convnext_atto")
    assert automatic_weights(atto) == "none"
    files(f"{ATTO}.safetensors")
    assert automatic_weights(atto) == f"timm:{ATTO}"
    assert why_automatic(atto) == f"IMGCLS_WEIGHTS has them, {folder / ATTO}.safetensors"


def test_files_of_torchvision_are_found_by_their_names_too(files):
    files(
        "resnet50-0676ba61.pth",
        "resnet50-11ad3fa6.pth",
        "resnet50.a1_in1k.pth",
        "vgg16_features-amdegroot-88682ab5.pth",
    )
    names = ["timm:resnet50.a1_in1k", "torchvision:IMAGENET1K_V2", "torchvision:IMAGENET1K_V1"]
    assert weights_in_folder() == {"resnet50_v1_5": names}
    assert weights_here(find_architecture("resnet50_v1_5")) == names


def test_what_a_package_brings_stands_before_the_folder_and_the_folder_before_a_download(files):
    files("tf_efficientnet_lite0.in1k.safetensors", "mobilenetv2_100.ra_in1k.safetensors")
    assert weights_here(find_architecture("efficientnet_lite0")) == ["imagenet", "timm:tf_efficientnet_lite0.in1k"]
    assert weights_here(find_architecture("mobilenet_v2")) == ["timm:mobilenetv2_100.ra_in1k"]
    assert weights_here(find_architecture("resnet50")) == []
    assert automatic_weights(find_architecture("resnet50")) == "imagenet"  # which is downloaded, as ever


def test_a_network_of_ones_own_that_has_the_name_of_another_gets_no_weights_of_that(files):
    files("resnet18.a1_in1k.safetensors")
    own = replace(find_architecture("resnet18"), state_dicts=())
    assert (weights_here(own), published_name(own)) == ([], "")


def test_weights_that_are_published_elsewhere_are_named_and_others_are_not_known(folder):
    assert why_automatic(find_architecture("convnext_atto")) == (
        f"no weights of convnext_atto are here; --weights timm:{ATTO} takes published ones"
    )
    assert published_name(find_architecture("shufflenet_v2")) == "torchvision:IMAGENET1K_V1"
    assert why_automatic(find_architecture("lenet5")) == "no published weights of lenet5 are known"


def test_every_published_name_is_of_another_network_and_every_network_that_reads_weights_has_some():
    ours = [architecture_of(name) for name in PUBLISHED]
    assert "" not in ours
    assert len(set(ours)) == len(ours)
    for name in list_models():
        architecture = find_architecture(name)
        if architecture.state_dicts and not architecture.weights and architecture.build.__module__.startswith("imgcls"):
            assert published_name(architecture), name
