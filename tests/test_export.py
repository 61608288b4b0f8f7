"""`python -m imgcls.export` as a process: killed in the middle, then to its end."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls import export
from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.data.manifest import Manifest
from imgcls.data.preprocessing import Preprocessing
from imgcls.data.reading import read_images
from imgcls.labels.folders import read_folders
from imgcls.models import build_model, load_model
from imgcls.serving.bundle import load_bundle
from imgcls.training.run_folder import RunFolder

HOME = Path(__file__).parents[1]
FASHION = HOME / "datasets" / "fashion_mini"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    """A run that ended, in channels_first, as training leaves it; its weights are random."""
    config = TrainConfig(
        input=InputConfig(image_size=28, color="grey"),
        network=NetworkConfig(model="resnet20", weights="none", plan="all", data_format="channels_first"),
        name="clothes",
        runs=str(tmp_path_factory.mktemp("runs")),
    )
    run = RunFolder.create(config)
    manifest = Manifest.from_records(read_folders(FASHION), FASHION)
    manifest.save(run.manifest_file)
    keras.utils.set_random_seed(3)
    model = build_model(
        "resnet20",
        (28, 28, 1),
        manifest.class_names,
        data_format="channels_first",
        mean=(72.9,),
        std=(90.0,),
        preprocessing=Preprocessing(28, 28, 1).to_dict(),
    )
    model.save(run.model_file)
    return run


def start(*arguments, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "imgcls.export", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_then_whole(run, tmp_path):
    killed = start(run.path, folder=tmp_path)
    folder = tmp_path / "saved_models" / "clothes"
    deadline = time.monotonic() + 120
    while not (folder / ".partial-1" / "saved_model.pb").exists():
        assert time.monotonic() < deadline
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    assert [path.name for path in folder.iterdir()] == [".partial-1"]
    with pytest.raises(ValueError, match="holds no version"):
        load_bundle(folder)

    whole = start(run.path, folder=tmp_path)
    output, errors = whole.communicate(timeout=240)
    assert (whole.returncode, errors) == (0, "")
    assert "Written: saved_models/clothes/1 (" in output
    assert "10 classes" in output
    assert "(64 test images; allowed 1e-04)" in output
    assert "python -m imgcls.serve saved_models/clothes\n" in output
    assert [path.name for path in folder.iterdir()] == ["1"]
    details = json.loads((folder / "1" / "assets" / "imgcls.json").read_text("utf-8"))
    assert details["parity"]["largest_difference"] <= 1e-4
    assert details["licence_of_data"] == "MIT"
    assert details["config"] == run.config_file.read_text("utf-8")

    bundle = load_bundle(folder)
    model = load_model(run.model_file)
    paths = sorted((FASHION / "test" / "bag").iterdir())[:5]
    pixels = np.stack([outcome.result for outcome in read_images(paths, bundle.preprocessing)])
    predictions = bundle.predict_files(paths)
    np.testing.assert_allclose(predictions.probabilities, model(pixels, training=False), atol=1e-5)


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


def test_a_run_without_a_model(run, tmp_path):
    unfinished = RunFolder.create(replace(run.config, name="unfinished"))
    with pytest.raises(ValueError, match="has no model yet"):
        export.main(export.Options(unfinished.path, output=tmp_path))


def test_images_are_drawn_evenly():
    paths = [Path(str(number)) for number in range(500)]
    drawn = export.evenly(paths, 64)
    assert len(drawn) == len(set(drawn)) == 64
    assert drawn[0] == paths[0]
    assert int(drawn[-1].name) > 490
    assert export.evenly(paths[:3], 64) == paths[:3]
