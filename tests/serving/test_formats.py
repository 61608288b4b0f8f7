"""Bundles with a second format, and the table of formats."""

import json
import shutil

import numpy as np
import pytest

from imgcls.data.images.reading import read_images
from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.serving import formats
from imgcls.serving.bundle import load_bundle
from imgcls.serving.export_format import Package
from imgcls.serving.formats import find_format, list_formats, register_format
from imgcls.serving.formats.openvino import OpenVINOFormat
from imgcls.serving.formats.saved_model import SavedModelFormat
from imgcls.serving.parity import Parity
from imgcls.serving.predictor import Predictor
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING, export


class UniformEngine(Engine):
    """Finds all classes as likely."""

    name, device, outputs = "Uniform", "CPU", (PROBABILITIES,)
    columns = len(CLASS_NAMES)

    def predict(self, pixels):
        return {PROBABILITIES: np.full((len(pixels), self.columns), 1 / self.columns, np.float32)}


class UniformFormat:
    name, title, needs = "uniform", "Uniform", None

    def write(self, folder, classifier):
        (folder / "nothing").touch()
        return {}

    def load(self, folder):
        return UniformEngine()


@pytest.fixture
def uniform():
    yield register_format(UniformFormat())
    formats._REGISTERED.pop("uniform")


@pytest.fixture(scope="module")
def with_openvino(judged_path):
    return load_bundle(judged_path, "openvino")


def test_a_second_format_is_proved_and_described(judged_path, images):
    assert sorted(path.name for path in (judged_path / "openvino").iterdir()) == ["model.bin", "model.xml"]
    held = json.loads((judged_path / "assets" / "imgcls.json").read_text("utf-8"))["formats"]
    assert list(held) == ["openvino", "onnx", "litert"]
    assert held["openvino"]["title"] == "OpenVINO IR"
    assert 0 <= held["openvino"]["parity"]["largest_difference"] <= 1e-4
    assert held["openvino"]["parity"]["images"] == len(images)


@pytest.mark.thorough
def test_both_formats_give_the_same_answers(with_openvino, judged_bundle, images):
    bundle = judged_bundle
    assert repr(with_openvino) == "<Bundle: 10 classes, 28 x 28 pixels, OpenVINO on CPU>"
    assert (with_openvino.engine.name, bundle.engine.name) == ("OpenVINO", "TensorFlow")
    found, expected = with_openvino.predict_files(images), bundle.predict_files(images)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    files = [images[0].read_bytes(), b"", images[1].read_bytes()[:60], images[2].read_bytes()]
    for one, other in zip(with_openvino(files), bundle(files), strict=True):
        assert (one.classes, one.problem) == (other.classes, other.problem)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    (features, problems), (other_features, other_problems) = with_openvino.embed(files), bundle.embed(files)
    assert problems == other_problems
    np.testing.assert_allclose(features, other_features, atol=1e-4)
    assert with_openvino([]) == []
    assert with_openvino.embed([])[0].shape == (0, 64)


def test_the_saved_model_of_a_bundle_of_two_formats_is_loaded_when_it_is_asked(with_openvino):
    assert "pixels" in with_openvino.model.signature_defs


def test_a_format_that_a_bundle_does_not_hold(bundle_path):
    with pytest.raises(ValueError, match=r"holds saved_model, and no openvino\. Export .* --format openvino"):
        load_bundle(bundle_path, "openvino")


def test_a_damaged_format(judged_path, tmp_path):
    shutil.copytree(judged_path, tmp_path / "clothing" / "1")
    (tmp_path / "clothing" / "1" / "openvino" / "model.xml").write_bytes(b"cut off")
    with pytest.raises(ValueError, match="Export the run again"):
        load_bundle(tmp_path / "clothing", "openvino")
    assert load_bundle(tmp_path / "clothing").engine.name == "TensorFlow"


def test_a_format_that_says_something_else_is_not_kept(uniform, tmp_path, classifier, images, monkeypatch):
    monkeypatch.setattr(SavedModelFormat, "write", lambda *rest: {"signatures": {}})
    monkeypatch.setattr("imgcls.serving.bundle.check_saved_model", lambda *rest: {})
    monkeypatch.setattr("imgcls.serving.bundle.compare_saved_model", lambda *rest: Parity(0.0, 20))
    monkeypatch.setattr("imgcls.serving.bundle.write_class_names", lambda folder, classifier: None)
    monkeypatch.setattr("imgcls.serving.bundle.format_folder", lambda version, name: tmp_path / "format")
    with pytest.raises(RuntimeError, match=r"The bundle \(Uniform\) differs from the run's model"):
        export(tmp_path / "bundles", classifier, images, ["uniform"])
    monkeypatch.setattr(UniformEngine, "columns", 3)
    (tmp_path / "format" / "nothing").unlink()
    (tmp_path / "format").rmdir()
    with pytest.raises(RuntimeError, match=r"Uniform gives probabilities of shape \(20, 3\); expected \(20, 10\)"):
        export(tmp_path / "bundles", classifier, images, ["uniform"])
    assert not any((tmp_path / "bundles").iterdir())


def test_the_table_of_formats(uniform, monkeypatch):
    assert list_formats() == ["litert", "onnx", "openvino", "saved_model", "uniform"]
    assert find_format("uniform") is uniform
    assert isinstance(find_format("openvino"), OpenVINOFormat)
    with pytest.raises(ValueError, match=r"Unknown export format 'openvin'\. Did you mean 'openvino'\?"):
        find_format("openvin")
    monkeypatch.setattr(UniformFormat, "needs", Package("no_such_package", "pip install no-such-package"))
    with pytest.raises(ValueError, match=r"needs the package no_such_package: pip install no-such-package"):
        find_format("uniform")


@pytest.mark.parametrize("name", ["Two Words", "openvino", "assets", "../up"])
def test_a_name_that_a_format_cannot_have(name, monkeypatch):
    monkeypatch.setattr(UniformFormat, "name", name)
    with pytest.raises(ValueError, match="name"):
        register_format(UniformFormat())


def test_a_predictor_takes_files_bytes_and_arrays(with_openvino, images, tmp_path):
    path = images[3]
    (outcome,) = read_images([path], PREPROCESSING)
    array = np.rint(outcome.result).astype(np.uint8)  # 28 x 28, so that nothing is resized
    given = [path, str(path), path.read_bytes(), array, array[..., 0], np.repeat(array, 3, axis=2), tmp_path / "gone"]
    found = with_openvino.predict(given)
    assert len(found) == len(given)
    names = [str(path), str(path), "image 2", "image 3", "image 4", "image 5", str(tmp_path / "gone")]
    assert [str(each) for each in found.paths] == names
    assert found.problems == [""] * 6 + ["no such file or directory"]
    for row in found.probabilities[1:6]:
        np.testing.assert_allclose(row, found.probabilities[0], atol=1e-5)
    ranked = found.ranked()
    assert ranked[0].classes[0] == CLASS_NAMES[found.probabilities[0].argmax()]
    assert ranked[0].probabilities == sorted(ranked[0].probabilities, reverse=True)
    assert ranked[6][:3] == ([], [], "no such file or directory")
    several = with_openvino.predict(np.stack([array, array]))
    np.testing.assert_allclose(several.probabilities[1], found.probabilities[0], atol=1e-5)
    assert with_openvino.predict([]).probabilities.shape == (0, 10)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("one.jpg", "images is a single str; expected a list"),
        (np.zeros((28, 28, 1), np.uint8), "images is a single ndarray"),
        ([np.zeros((28, 28, 3))], r"of float64; expected \(height, width, 1 or 3\) of uint8"),
        ([np.zeros((28, 28, 4), np.uint8)], r"\(28, 28, 4\) of uint8; expected"),
    ],
)
def test_what_is_no_image_for_a_predictor(with_openvino, given, message):
    with pytest.raises(ValueError, match=message):
        with_openvino.predict(given)


def test_an_engine_without_an_embedding_cannot_embed(bundle):
    predictor = Predictor(UniformEngine(), CLASS_NAMES, PREPROCESSING)
    with pytest.raises(ValueError, match="Uniform gives probabilities here, and no embedding"):
        predictor.embed([b"image"])
