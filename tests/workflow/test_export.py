"""Runs of other layouts, precisions and devices, exported for a processor that has none of it."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from imgcls import load_predictor
from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.judgement.judgement import NONE_OF_THESE, NOT_SURE
from imgcls.models.classifier import class_names, load_model, preprocessing
from imgcls.run_folder import RunFolder
from imgcls.training.run import train_network
from imgcls.workflow.calibrate import calibrate_run
from imgcls.workflow.create import create_run
from imgcls.workflow.export import export_run
from tests.training.conftest import TINY

PLAIN = """
import sys
import numpy, tensorflow
model = tensorflow.saved_model.load(sys.argv[1])
data = [open(path, "rb").read() for path in sys.argv[3:]]
found = model.signatures["serving_default"](image_bytes=tensorflow.constant(data))
found = {name: values.numpy() for name, values in found.items()}
numpy.savez(sys.argv[2], **{name: each.astype("S") if each.dtype == object else each for name, each in found.items()})
assert "imgcls" not in sys.modules
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data_format", "training"),
    [
        ("channels_first", {"precision": "bfloat16"}),
        ("channels_last", {"precision": "float16", "strategy": "mirrored"}),  # two logical processors
    ],
)
def test_a_plain_processor_gives_the_same_answers(small_data, data_format, training, tmp_path):
    (tmp_path / "tiny.py").write_text(TINY.format(name="tiny_to_export"))
    config = TrainConfig(
        input=InputConfig(data=str(small_data)),
        network=NetworkConfig(model=str(tmp_path / "tiny.py"), weights="none", plan="all", data_format=data_format),
        training=TrainingConfig(epochs=1, batch_size=16, **training),
        runs=str(tmp_path),
        name="tiny",
    )
    run, manifest = create_run(config)
    assert train_network(run, manifest)
    version = export_run(run, tmp_path / "saved_models")

    images, answers = manifest.paths(manifest.split("test"))[:6], tmp_path / "answers.npz"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-c", PLAIN, version, answers, *images],
        env={**environment, "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"},
        check=True,
        cwd="/",
    )
    model = load_model(run.model_file)
    pixels = np.stack([each.result for each in read_images(images, Preprocessing(**preprocessing(model)))])
    expected = np.asarray(model(pixels, training=False), np.float32)
    with np.load(answers) as found:
        order = [[list(map(bytes.decode, row)).index(name) for name in class_names(model)] for row in found["classes"]]
        np.testing.assert_allclose(np.take_along_axis(found["probabilities"], np.array(order), 1), expected, atol=1e-4)
        assert not any(found["problem"])


@pytest.mark.thorough
def test_a_bundle_says_not_sure_below_the_threshold_that_was_asked_for(small_run, tmp_path):
    run = RunFolder(shutil.copytree(small_run.path, tmp_path / "run"))
    calibrate_run(run, run.config.judgement)
    version = export_run(run, tmp_path / "saved_models", threshold=0.999)
    manifest = Manifest.load(run.manifest_file)
    found = load_predictor(version).predict_files(manifest.paths(manifest.split("test")))
    sure = found.probabilities.max(axis=1) >= 0.999
    assert not sure.all()
    assert {each for each, is_sure in zip(found.decisions, sure, strict=True) if not is_sure} <= {
        NOT_SURE,
        NONE_OF_THESE,
    }
    assert NOT_SURE in found.decisions
