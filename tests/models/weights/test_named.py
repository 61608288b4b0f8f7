"""Weights by name: found on this machine, else downloaded; the network is given images as they say."""

import shutil

import keras
import numpy as np
import pytest

from imgcls.config import NetworkConfig, TrainConfig
from imgcls.models import build_model
from imgcls.models.classifier import logits_model, preprocessing
from imgcls.models.weights.named import find_weights, is_weight_file, named_weights
from imgcls.workflow.create import create_run
from tests.models.weights.conftest import CONFIG_OF_TIMM, NAME
from tests.models.weights.hub import CONFIG, FILE
from tests.models.weights.random_arrays import random_pixels
from tests.models.weights.test_torch_answers import ANSWERS


def test_names_and_paths():
    assert str(named_weights("timm:resnet50.a1_in1k")) == "timm:resnet50.a1_in1k"
    assert named_weights("imagenet") is named_weights("folder/a.safetensors") is named_weights("C:/a.pth") is None
    assert is_weight_file("a.pth")
    assert not is_weight_file("timm:resnet50.a1_in1k")
    for wrong in ("timm:", "timm:../up", "torchvision:a/b"):
        with pytest.raises(ValueError, match="names no weights"):
            named_weights(wrong)


def test_a_network_starts_from_a_download_as_from_the_file(on_hub, folder):
    entry = ANSWERS["convnext.safetensors"]
    model = build_model("small_convnext", (*entry["size"], 3), weights=f"timm:{NAME}")
    config = CONFIG_OF_TIMM["pretrained_cfg"]
    standardized = random_pixels(entry["size"])  # as the answers were computed: by ImageNet's mean and deviation
    shares = (standardized - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]
    pixels = 255 * (shares * config["std"] + config["mean"])
    outputs = np.array(entry["outputs"])
    found = logits_model(model)(pixels.astype("float32")).numpy()
    assert np.linalg.norm(found - outputs) / np.linalg.norm(outputs) < 1e-4
    assert preprocessing(model)["crop_share"] == 0.95
    assert preprocessing(model)["interpolation"] == "bicubic"


def test_what_is_on_this_machine_is_not_downloaded(on_hub, folder):
    first = find_weights(named_weights(f"timm:{NAME}"), "small_convnext")
    asked = len(on_hub.asked)
    assert find_weights(named_weights(f"timm:{NAME}"), "small_convnext") == first
    snapshot = folder / NAME  # as a copy of the hub's repository
    snapshot.mkdir()
    shutil.move(first.path, snapshot / FILE)
    shutil.move(first.path.with_suffix(".json"), snapshot / CONFIG)
    moved = find_weights(named_weights(f"timm:{NAME}"), "small_convnext")
    assert moved.path == snapshot / FILE
    assert moved.pixels == first.pixels
    assert len(on_hub.asked) == asked


def test_weights_of_another_network_are_refused(on_hub, folder):
    with pytest.raises(ValueError, match="is not a resnet18"):
        build_model("resnet18", weights=f"timm:{NAME}")


@pytest.mark.parametrize("weights", [f"timm:{NAME}", "torchvision:IMAGENET1K_V2", "resnet18.pth"])
def test_a_keras_model_is_refused_weights_of_pytorch_before_they_are_looked_for(
    weights, on_hub, folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet18.pth").touch()
    file = tmp_path / "plain.keras"
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)], name="plain").save(file)
    said = f"{weights} are weights of PyTorch, and plain is a Keras model. Expected an .h5 file that model.save_weights"
    with pytest.raises(ValueError, match=said):
        build_model(str(file), num_classes=2, weights=weights, preprocessing="0-1")
    network = NetworkConfig(model=str(file), weights=weights, preprocessing="0-1")
    with pytest.raises(ValueError, match=said):
        create_run(TrainConfig(runs=str(tmp_path / "runs"), network=network))
    assert not on_hub.asked


def test_weights_of_torchvision_are_found_in_its_own_cache_or_asked_for(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"resnet18-f37072fd\.pth, .*models\.ResNet18_Weights\."):
        find_weights(named_weights("torchvision:IMAGENET1K_V1"), "resnet18")
    checkpoints = tmp_path / "torch_home" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "resnet18-f37072fd.pth").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="is damaged"):
        find_weights(named_weights("torchvision:IMAGENET1K_V1"), "resnet18")


def test_where_nothing_says_the_pixels_a_line_says_which_are_taken(on_hub, folder, caplog):
    caplog.set_level("INFO", "imgcls")
    file = find_weights(named_weights(f"timm:{NAME}"), "small_convnext").path
    build_model("small_convnext", (32, 32, 3), weights=str(file))
    assert "Nothing says" not in caplog.text
    file.with_suffix(".json").unlink()
    build_model("small_convnext", (32, 32, 3), weights=str(file))
    assert f"Nothing says with which pixels {file.name} was trained" in caplog.text
    assert "Taken are the mean 123.675, 116.28, 103.53 and the deviation 58.395, 57.12, 57.375." in caplog.text
