"""docs/extend/export_format.md: the format of the page is written, proved, loaded and answers."""

import json

import keras
import numpy as np
import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.labels.formats.folders import read_folders
from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.run_folder import RunFolder
from imgcls.serving import formats
from imgcls.serving.bundle import load_bundle
from tests.conftest import SAMPLE
from tests.docs import code_of

PAGE = "extend/export_format.md"


@pytest.fixture
def run(tmp_path) -> RunFolder:
    """A run that ended with a linear classifier."""
    network = NetworkConfig(model="mlp", weights="none", plan="all")
    inputs = InputConfig(image_size=16, color="grayscale")
    config = TrainConfig(input=inputs, network=network, name="linear", runs=str(tmp_path / "runs"))
    run = RunFolder.create(config)
    manifest = Manifest.from_records(read_folders(SAMPLE), SAMPLE)
    manifest.save(run.manifest_file)
    keras.utils.set_random_seed(2)
    pixels = keras.Input((16, 16, 1), name="pixels")
    preprocessing = Preprocessing(16, 16, 1).to_dict()
    x = PixelStandardization((70.0,), (90.0,), preprocessing=preprocessing, name="standardization")(pixels)
    x = keras.layers.Flatten(name="embedding")(x)
    x = keras.layers.Dense(len(manifest.class_names), name="logits")(x)
    outputs = ClassProbabilities(manifest.class_names, name="probabilities")(x)
    keras.Model(pixels, outputs, name="linear").save(run.model_file)
    return run


def test_the_page_adds_a_format_that_a_run_is_exported_to(run, tmp_path):
    page: dict = {}
    try:
        exec(compile(code_of(PAGE), PAGE, "exec"), page)
        assert "matrix" in formats.list_formats()
        images = sorted((SAMPLE / "test" / "bag").iterdir())[:3]
        table = page["export_and_ask"](run, tmp_path, [*images, b"no image"])
        version = tmp_path / "linear" / "1"
        expected = load_bundle(version).predict([*images, b"no image"]).table()
        assert table["class"].tolist() == expected["class"].tolist()
        np.testing.assert_allclose(table["probability"], expected["probability"], atol=1e-5)
        assert table["problem"].tolist()[:3] == ["", "", ""]
        held = json.loads((version / "assets" / "imgcls.json").read_text("utf-8"))["formats"]["matrix"]
        assert (held["title"], held["numbers"]) == ("NumPy matrix", 256 * 10 + 10)
        assert held["parity"]["largest_difference"] <= 1e-4
        (version / "matrix" / "linear.npz").write_bytes(b"cut off")
        with pytest.raises(ValueError, match="holds no matrix"):
            load_bundle(version, "matrix")
    finally:
        formats._REGISTERED.pop("matrix", None)
