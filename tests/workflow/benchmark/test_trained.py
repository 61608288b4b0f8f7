"""The name of the run that a network is trained in: a run of other settings is another one."""

from dataclasses import replace
from types import SimpleNamespace

import keras

from imgcls.workflow.benchmark.network import BuiltNetwork, network_config
from imgcls.workflow.benchmark.request import BenchmarkRequest
from imgcls.workflow.benchmark.trained import run_name

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
