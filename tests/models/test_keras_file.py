import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls.models import InputLayers, build_model, keras_file, load_model
from imgcls.models.classifier import class_names

ROOT = Path(__file__).parents[2]
WITHOUT_IMGCLS = """
import sys, keras, numpy
plain, ours, pixels, outputs = sys.argv[1:]
model = keras.models.load_model(plain)
numpy.save(outputs, model(numpy.load(pixels)))
try:
    keras.models.load_model(ours)
except TypeError as error:
    print("refused:", "ParameterFreeShortcut" in str(error) or "PixelStandardization" in str(error))
print("imgcls" in sys.modules)
import imgcls
print(keras.models.load_model(ours).get_layer("probabilities").class_names)
"""
AFTER_IMGCLS = """
import sys, imgcls
print("keras" in sys.modules, "tensorflow" in sys.modules)
import keras
print(keras.models.load_model(sys.argv[1]).get_layer("probabilities").class_names)
"""


def output_of(program: str, *arguments: object) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    line = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(line, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def pixels_for(model: keras.Model) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (4, *model.input_shape[1:])).astype(np.float32)


@pytest.mark.thorough
def test_a_network_of_keras_layers_opens_without_imgcls_and_any_after_it(small_run, tmp_path):
    model = build_model("lenet5", (32, 32, 1), ["ant", "bee"])
    keras_file.save(model, tmp_path / "plain.keras")
    pixels = pixels_for(model)
    np.save(tmp_path / "pixels.npy", pixels)
    files = (tmp_path / "plain.keras", small_run.model_file, tmp_path / "pixels.npy", tmp_path / "outputs.npy")
    refused, imported, names = output_of(WITHOUT_IMGCLS, *files)
    assert (refused, imported, names) == ("refused: True", "False", "['bag', 'sneaker', 'trouser']")
    assert np.load(tmp_path / "outputs.npy") == pytest.approx(model.predict_on_batch(pixels), abs=1e-6)


@pytest.mark.thorough
def test_the_model_of_a_run_opens_after_import_imgcls_alone(small_run):
    assert output_of(AFTER_IMGCLS, small_run.model_file) == ["False False", "['bag', 'sneaker', 'trouser']"]


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0"])
@pytest.mark.thorough
def test_keras_layers_give_the_same_scores(name, tmp_path):
    standardized = InputLayers(mean=(120.0, 110.0, 100.0), std=(60.1, 59.3, 58.7))
    model = build_model(name, (32, 32, 3), num_classes=3, input_layers=standardized)
    keras_file.save(model, tmp_path / "model.keras")
    twin = keras.models.load_model(tmp_path / "model.keras")
    assert {type(layer).__module__.split(".")[0] for layer in twin.layers} == {"keras"}
    pixels = pixels_for(model)
    assert twin.predict_on_batch(pixels) == pytest.approx(model.predict_on_batch(pixels), abs=1e-6)
    again = load_model(tmp_path / "model.keras")
    assert np.array_equal(again.predict_on_batch(pixels), model.predict_on_batch(pixels))
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert class_names(again) == ["0", "1", "2"]


@pytest.mark.parametrize("changes", [{"data_format": "channels_first"}, {"activation": "prelu"}])
def test_a_network_without_such_layers_is_saved_as_it_is(changes, tmp_path):
    model = build_model("lenet5", (32, 32, 1), num_classes=3, **changes)
    model.compile("adam")
    keras_file.save(model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert keras_file.OURS not in archive.namelist()
        assert not json.loads(archive.read("config.json"))["compile_config"]
    again = load_model(tmp_path / "model.keras")
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights(), strict=True))
