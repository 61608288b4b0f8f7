"""What "auto" becomes for given images."""

from dataclasses import replace

import pytest

from imgcls.config import NetworkConfig, TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.training.auto_settings import resolve


@pytest.fixture
def resolved(tiny_run):
    manifest = Manifest.load(tiny_run.manifest_file)

    def settle(image_size: int = 0, **network) -> TrainConfig:
        config = TrainConfig(network=NetworkConfig(**network))
        return resolve(replace(config, input=replace(config.input, image_size=image_size)), manifest)

    return settle


def test_small_images_keep_their_size_where_the_network_can_see_them(resolved):
    assert resolved(model="resnet20").input.image_size == 28
    assert resolved(model="lenet5_relu").input.image_size == 32  # of its paper: 28 pixels leave its last layer nothing
    with pytest.raises(ValueError, match="too small for this network"):
        resolved(image_size=20, model="lenet5_relu")


def test_a_run_that_starts_from_another_asks_for_no_published_weights(resolved):
    assert resolved(model="vgg19").network.weights == "imagenet"
    started = resolved(model="vgg19", init_from="runs/vgg11").network
    assert (started.weights, started.plan) == ("none", "scratch")
