"""What "auto" becomes for given images."""

import logging
from dataclasses import replace

import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
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


@pytest.mark.parametrize(
    ("images", "strategy", "parts", "size"),
    [
        (168, "one_device", 1, 21),
        (168, "mirrored", 1, 20),  # over the two processors of these tests
        (168, "one_device", 4, 20),
        (168, "mirrored", 4, 16),
        (2000, "mirrored", 3, 60),
        (10, "one_device", 16, 16),
    ],
)
def test_a_batch_is_shared_equally_by_the_devices_and_has_the_parts_that_are_asked_for(
    tiny_run, images, strategy, parts, size
):
    few = Manifest.load(tiny_run.manifest_file)
    rows = few.split("train").sample(images, replace=True, random_state=0)
    training = TrainingConfig(strategy=strategy, gradient_accumulation_steps=parts)
    manifest = replace(few, table=rows)
    assert resolve(TrainConfig(training=training), manifest).training.batch_size == size


@pytest.mark.parametrize(("named", "gpus", "dtype"), [
    ("auto", 0, "float32"), ("auto", 1, "uint8"), ("uint8", 0, "uint8"), ("float32", 1, "float32"),
])  # fmt: skip
def test_pixels_go_to_a_gpu_in_8_bits(tiny_run, monkeypatch, named, gpus, dtype):
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind=None: ["GPU"] * gpus)
    config = TrainConfig(input=InputConfig(pixel_dtype=named), training=TrainingConfig(batch_size=8))
    assert resolve(config, Manifest.load(tiny_run.manifest_file)).input.pixel_dtype == dtype


@pytest.mark.parametrize(
    ("named", "rate"),
    [
        ({}, 0.003),
        ({"batch_size": 256}, 0.006),
        ({"batch_size": 256, "optimizer": "sgd"}, 0.012),
        ({"batch_size": 256, "learning_rate": 0.01}, 0.01),
    ],
)
def test_the_learning_rate_goes_by_the_batch_where_it_is_not_named(tiny_run, named, rate):
    few = Manifest.load(tiny_run.manifest_file)
    manifest = replace(few, table=few.split("train").sample(3000, replace=True, random_state=0))
    assert resolve(TrainConfig(training=TrainingConfig(**named)), manifest).training.learning_rate == rate


def test_weights_that_are_here_are_taken_by_a_name_that_repeats_the_run(resolved, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "imgcls")
    monkeypatch.setenv("IMGCLS_WEIGHTS", str(tmp_path))
    assert resolved(model="convnext_atto").network.weights == "none"
    assert "--weights timm:convnext_atto.d2_in1k takes published ones." in caplog.text
    file = tmp_path / "convnext_atto.d2_in1k.safetensors"
    file.touch()
    assert resolved(model="convnext_atto").network.weights == "timm:convnext_atto.d2_in1k"
    assert f"--weights timm:convnext_atto.d2_in1k: IMGCLS_WEIGHTS has them, {file}." in caplog.text
    assert resolved(model="convnext_atto", weights="none").network.weights == "none"
    caplog.clear()
    assert resolved(model="convnext_atto", plan="scratch").network.weights == "none"
    assert "--weights" not in caplog.text
