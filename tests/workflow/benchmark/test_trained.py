"""The run that a network is trained in: its name, its times, and its end with the time of the benchmark."""

import subprocess
from dataclasses import replace
from types import SimpleNamespace

import keras
import pytest

from imgcls.config import TrainConfig
from imgcls.progress import Progress
from imgcls.workflow.benchmark.deadline import Deadline
from imgcls.workflow.benchmark.network import BuiltNetwork, network_config
from imgcls.workflow.benchmark.request import BenchmarkRequest
from imgcls.workflow.benchmark.trained import TimeIsUpError, _followed, run_name
from imgcls.workflow.trials import TrialRun

IMAGES = SimpleNamespace(name="photos", fingerprint="0123456789ab", task="single_label")


def named(request: BenchmarkRequest, model: str = "resnet18", weights: str = "none", images=IMAGES) -> str:
    return run_name(request, images, BuiltNetwork(network_config(request, model, weights), None, {}, ""))


def test_other_settings_or_images_make_another_run_and_another_folder_does_not(tmp_path):
    request = BenchmarkRequest("photos", models=("resnet18",), train="short", image_size=64)
    name = named(request)
    assert name.startswith("photos-resnet18-short-")
    assert named(replace(request, runs=tmp_path, again=True, engines=("onnx",))) == name
    others = [
        named(replace(request, image_size=96)),
        named(replace(request, seed=1)),
        named(replace(request, train="full")),
        named(request, weights="imagenet"),
        named(request, images=SimpleNamespace(**{**vars(IMAGES), "fingerprint": "ba9876543210"})),
    ]
    assert len({name, *others}) == 6


def test_a_file_of_another_content_or_place_makes_another_run(tmp_path):
    request = BenchmarkRequest("photos", models=("resnet18",), train="short", preprocessing=("0-1",))
    names = set()
    for folder, filters in (("a", 1), ("b", 1), ("b", 2)):
        (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / folder / "net.keras"
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(filters, 1)]).save(file)
        names.add(named(request, str(file)))
    assert len(names) == 3


def test_after_an_interruption_an_epoch_has_ended_when_it_did_on_the_clock_of_all_starts(tmp_path):
    """An epoch of an earlier start took a second by itself, and 41 seconds with the start."""
    (tmp_path / "benchmark_times.json").write_text('{"seconds": 50.0, "epochs": [41.0]}')
    process = SimpleNamespace(returncode=0, poll=lambda: 0, wait=lambda: 0, terminate=lambda: None)
    rows = [{"epoch": number, "seconds": 0.001, "val_accuracy": 0.5} for number in (1, 2)]
    run = SimpleNamespace(path=tmp_path, epochs=lambda: 1, start=lambda _: process, follow=lambda *_: iter(rows))
    (first, _), (second, _) = _followed(run, TrainConfig(), "val_accuracy", Deadline(0), Progress())
    assert first == 41.0
    assert 50.0 < second < 60.0


@pytest.mark.parametrize("command", ["exec sleep 60", "trap 'exit 1' TERM; sleep 1 & wait"], ids=["signal", "code 1"])
def test_a_training_that_still_starts_up_when_the_time_is_over_has_not_failed(tmp_path, monkeypatch, command):
    run = TrialRun(tmp_path, "run")
    run.log_file.touch()
    monkeypatch.setattr(run, "start", lambda _: subprocess.Popen(["sh", "-c", command]))
    with pytest.raises(TimeIsUpError):
        _followed(run, TrainConfig(), "val_accuracy", SimpleNamespace(is_over=True), Progress())


def test_a_training_that_fails_before_the_time_is_over_has_failed(tmp_path, monkeypatch):
    run = TrialRun(tmp_path, "run")
    run.log_file.write_text("error: no space left", "utf-8")
    monkeypatch.setattr(run, "start", lambda _: subprocess.Popen(["sh", "-c", "exit 1"]))
    with pytest.raises(RuntimeError, match="The training failed: no space left"):
        _followed(run, TrainConfig(), "val_accuracy", Deadline(0), Progress())
