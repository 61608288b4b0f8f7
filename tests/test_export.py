import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from imgcls import export
from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.labels.formats.folders import read_folders
from imgcls.models import InputLayers, build_model, load_model
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import list_held, load_bundle
from imgcls.serving.drift_reference import read_drift_reference
from imgcls.workflow.export import evenly, heat_maps
from imgcls.workflow.network_of import network_of
from tests.conftest import ROOT, SAMPLE


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    return ended_run(tmp_path_factory.mktemp("runs"), "lenet5")


def ended_run(folder: Path, architecture: str) -> RunFolder:
    """A run that ended, in channels_first, as training leaves it; its weights are random."""
    config = TrainConfig(
        input=InputConfig(image_size=32, color="grayscale"),
        network=NetworkConfig(model=architecture, weights="none", plan="all", data_format="channels_first"),
        name="clothes",
        runs=str(folder),
    )
    run = RunFolder.create(config)
    manifest = Manifest.from_records(read_folders(SAMPLE), SAMPLE)
    manifest.save(run.manifest_file)
    keras.utils.set_random_seed(3)
    model = build_model(
        architecture,
        (32, 32, 1),
        manifest.class_names,
        data_format="channels_first",
        input_layers=InputLayers((72.9,), (90.0,), Preprocessing(32, 32, 1).to_dict()),
    )
    model.save(run.model_file)
    return run


def validate_some(run: RunFolder) -> None:
    """Let some of the training images be those of validation, which drift is measured against."""
    manifest = Manifest.load(run.manifest_file)
    table = manifest.table.copy()
    table.loc[table.index[table["split"] == "train"][::100], "split"] = "validation"
    Manifest(table, manifest.root).save(run.manifest_file)


@pytest.fixture(scope="module")
def output(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("saved_models")


@pytest.mark.thorough
def test_killed_in_the_middle_it_leaves_nothing_that_counts(run, output):
    process = subprocess.Popen(
        [sys.executable, "-m", "imgcls.export", run.path, "--output", output],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not any((output / "clothes").glob(".partial-*/saved_model.pb")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert all(path.name.startswith(".partial-") for path in (output / "clothes").iterdir())
    with pytest.raises(ValueError, match="holds no version"):
        load_bundle(output / "clothes")


def test_export_then_predict(output, command, fresh_process, tmp_path):
    run, folder = ended_run(tmp_path, "lenet5"), output / "clothes"
    validate_some(run)
    result = command("export", run.path, "--output", output)
    assert (result.code, result.err) == (0, "")
    assert re.search(rf"Written: {folder / '1'} \(\d\.\d MB, 10 classes\)", result.out)
    assert "(64 test images; allowed 1e-04)" in result.out
    assert re.search(r"TensorFlow Serving 2\.20 has all \d+ operations of the graph", result.out)
    assert f"For TensorFlow Serving: batching.config, monitoring.config, models.config in {output}\n" in result.out
    assert f"python -m imgcls.serve {folder}\n" in result.out
    assert [path.name for path in folder.iterdir()] == ["1"]
    details = json.loads((folder / "1" / "assets" / "imgcls.json").read_text("utf-8"))
    assert details["parity"]["largest_difference"] <= 1e-4
    assert details["licence_of_data"] == "MIT"
    assert details["config"] == run.config_file.read_text("utf-8")
    assert read_drift_reference(folder / "1")["class_names"] == details["class_names"]

    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    again, model = network_of(folder).model, load_model(run.model_file)
    np.testing.assert_allclose(again(images, training=False), model(images, training=False), atol=1e-5)

    table = output / "table.csv"
    images = sorted((SAMPLE / "test" / "bag").iterdir())[:2]
    assert command("predict", folder, *images, output / "missing.png", "--output", table).code == 3
    assert pd.read_csv(table)["problem"].fillna("").tolist() == ["", "", "no such file or directory"]


@pytest.mark.thorough
def test_export_of_what_says_why_and_in_8_bits_says_what_it_costs_and_gains(run, output, command, monkeypatch):
    monkeypatch.setattr("imgcls.serving.speed.LEAST_SECONDS", 0.0)
    result = command(
        "export", run.path, "--output", output, "--name", "why", "--explain", "--format", "litert",
        "--precision", "int8", "--most-accuracy-loss", 0.5,
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "Signatures: embedding, explanation, outputs, pixels, preprocess, serving_default, top_k" in result.out
    says = r"Explanation: Grad-CAM at the layer \w+; a heat map differs from the run's by at most \S+ of its maximum"
    assert re.search(says, result.out)
    paths = sorted((SAMPLE / "test" / "bag").iterdir())[:3]
    data = [path.read_bytes() for path in paths]
    found = load_bundle(output / "why").model.run("explanation", {"image_bytes": data, "class_name": [b"bag"] * 3})
    pixels = np.stack([each.result for each in read_images(paths, Preprocessing(32, 32, 1))])
    expected = heat_maps(load_model(run.model_file), pixels, ["bag"] * 3)
    assert expected.any()
    np.testing.assert_allclose(found["heat_map"], expected, atol=1e-4 * expected.max())

    assert "LiteRT: it differs by at most" in result.out
    assert re.search(
        r"LiteRT in int8: it names 0\.\d+ of \d+ test images rightly, float32 0\.\d+: a loss of", result.out
    )
    assert re.search(r"^  It decides otherwise than float32 for \d+ of \d+$", result.out, re.MULTILINE)
    assert re.search(r"Images a second on this machine: [\d,]+ at batch 1 \(float32 [\d,]+\), ", result.out)
    assert list_held(output / "why") == ["saved_model", "litert", "litert-int8"]
    refused = command("export", run.path, "--output", output, "--name", "none", "--precision", "int8")
    assert refused.code == 2
    assert "saved_model cannot be written in int8; litert, onnx, openvino can" in refused.err


def test_a_network_without_feature_maps_is_refused_before_anything_is_written(tmp_path, command):
    run = ended_run(tmp_path / "runs", "mlp")
    result = command("export", run.path, "--output", tmp_path / "bundles", "--explain")
    assert result.code == 2
    assert "--explain draws a heat map by the last feature map. mlp has no feature map" in result.err
    assert not list((tmp_path / "bundles").glob("*/*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"run": Path("nowhere")}, "nowhere is no folder"),
        ({"name": "a/b"}, "--name is 'a/b'; expected letters"),
        ({"name": ".hidden"}, "--name is '.hidden'"),
    ],
)
def test_bad_input(run, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export.main(replace(export.Options(run.path, output=tmp_path), **options))
    assert not any(tmp_path.iterdir())


def test_the_bundle_of_a_run_with_a_space_in_its_name_has_a_name_that_can_be_served(run, tmp_path, monkeypatch):
    named = []
    monkeypatch.setattr("imgcls.cli.run_export.export", lambda run, output, name, **_: named.append(name) or 0)
    spaced = shutil.copytree(run.path, tmp_path / "foo bar")
    assert export.main(export.Options(spaced, output=tmp_path / "bundles")) == 0
    assert named == ["foo_bar"]
    with pytest.raises(ValueError, match="--name is 'foo bar'; expected letters"):
        export.main(export.Options(spaced, name="foo bar", output=tmp_path / "bundles"))


def test_a_run_without_a_model(run, tmp_path):
    unfinished = RunFolder.create(replace(run.config, name="unfinished"))
    with pytest.raises(ValueError, match="has no model yet"):
        export.main(export.Options(unfinished.path, output=tmp_path))


def test_images_are_drawn_evenly():
    paths = [Path(str(number)) for number in range(500)]
    drawn = evenly(paths, 64)
    assert len(drawn) == len(set(drawn)) == 64
    assert drawn[0] == paths[0]
    assert int(drawn[-1].name) > 490
    assert evenly(paths[:3], 64) == paths[:3]
