"""Formats in bfloat16 and int8 of a classifier that has learned something."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from imgcls.data.images.reading import read_images
from imgcls.engines.engine import EMBEDDING, PROBABILITIES
from imgcls.models.computed_in import in_bfloat16
from imgcls.serving.accuracy_loss import LabelledImages
from imgcls.serving.bundle import list_held, load_bundle, write_bundle
from imgcls.serving.details import read_details
from imgcls.serving.low_precision import LowPrecision, Plan, plan_formats
from imgcls.serving.parity import Reference
from tests.conftest import SAMPLE
from tests.serving.conftest import PREPROCESSING, exported, make_classifier

pytestmark = pytest.mark.thorough

QUICK = ["saved_model-bfloat16", "onnx-int8"]
OTHERS = ["litert-int8", "openvino-bfloat16", "openvino-int8"]  # tests/test_export.py writes litert-int8 in every run


@pytest.fixture(scope="module")
def split():
    """The images of the sample's test split, ten of each class, with their classes."""
    paths = [path for folder in sorted((SAMPLE / "test").iterdir()) for path in sorted(folder.iterdir())[:10]]
    return LabelledImages(paths, np.repeat(np.eye(10, dtype=bool), 10, axis=0))


@pytest.fixture(scope="module")
def trained(bfloat16):
    """The small classifier, which has learned the sample a little."""
    model = make_classifier(seed=3)
    paths = [path for folder in sorted((SAMPLE / "train").iterdir()) for path in sorted(folder.iterdir())[:40]]
    pixels, labels = pixels_of(paths), np.repeat(np.arange(10), 40)
    for layer in model.layers:
        layer.momentum = 0.8  # of the normalization, which has seen enough after some steps
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    model.fit(pixels, labels, batch_size=32, epochs=8, verbose=0)
    return replace(exported(model), calibration=pixels[::8], in_bfloat16=lambda: exported(in_bfloat16(model)))


def pixels_of(paths):
    return np.stack([outcome.result for outcome in read_images(paths, PREPROCESSING)])


@pytest.fixture(scope="module", params=[QUICK, pytest.param(OTHERS, marks=pytest.mark.slow)], ids=["quick", "others"])
def names(request):
    return request.param


@pytest.fixture(scope="module")
def version(trained, images, split, names, tmp_path_factory):
    low = LowPrecision([], split, most_accuracy_loss=0.1)
    reference = Reference(trained.model, images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgcls.serving.speed.LEAST_SECONDS", 0.0)
        return write_bundle(tmp_path_factory.mktemp("low"), "clothing", trained, reference, names, low_precision=low)


def test_each_format_is_written_in_each_precision_that_is_asked_for(version, names):
    float32 = dict.fromkeys(["saved_model", *(name.split("-")[0] for name in names)])
    assert list_held(version) == [*float32, *names]
    if "onnx-int8" in names:
        assert [path.name for path in (version / "onnx-int8").iterdir()] == ["model.onnx"]


def test_what_it_costs_and_gains_is_kept(version, names):
    for name in names:
        check_details(name, read_details(version)["formats"][name])


def check_details(name, held):
    precision = held["precision"]
    accuracy = held["accuracy"]
    assert accuracy["test_images"] == 100
    assert accuracy["float32"] > 0.5
    assert accuracy["loss"] == pytest.approx(accuracy["float32"] - accuracy[precision])
    assert accuracy["interval"][0] < accuracy["loss"] < accuracy["interval"][1]
    assert 0 <= accuracy["other_decisions"] <= 100
    for size in ("1", "32"):
        assert set(held["images_per_second"][size]) == {"float32", precision}
        assert min(held["images_per_second"][size].values()) > 0
    if name.startswith(("onnx", "litert")) or name == "openvino-bfloat16":
        assert held["megabytes"][precision] < 0.75 * held["megabytes"]["float32"]


def test_it_is_loaded_by_its_precision(version, names, images):
    for name in names:
        form, precision = name.split("-")
        check_answers(load_bundle(version, form, precision), load_bundle(version, form), images)


def check_answers(low, float32, images):
    found, expected = low.predict(images), float32.predict(images)
    assert 0 < np.abs(found.probabilities - expected.probabilities).max() < 0.3
    assert low.engine.predict(np.zeros((2, 28, 28, 1), np.float32))[PROBABILITIES].dtype == np.float32
    assert low.embed(images[:2])[0].dtype == np.float32
    assert EMBEDDING in low.engine.outputs


def test_what_loses_too_much_is_refused_with_both_figures(trained, images, split, tmp_path):
    low = LowPrecision([], split, most_accuracy_loss=-1.0)
    with pytest.raises(RuntimeError, match=r"ONNX in int8 names [\d.]+ of 100 test images rightly, and float32 [\d.]+"):
        write_bundle(tmp_path, "clothing", trained, Reference(trained.model, images), ["onnx-int8"], low_precision=low)
    assert not any(tmp_path.iterdir())


def test_the_plan():
    assert plan_formats([]) == Plan([], {})
    assert plan_formats([], ["float32", "bfloat16"]) == Plan([], {"saved_model": ["saved_model-bfloat16"]})
    assert plan_formats(["onnx", "openvino-int8"], ["int8", "bfloat16"]) == Plan(
        ["onnx", "openvino"], {"onnx": ["onnx-int8"], "openvino": ["openvino-int8", "openvino-bfloat16"]}
    )
    with pytest.raises(ValueError, match="saved_model cannot be written in int8; litert, onnx, openvino can"):
        plan_formats([], ["int8"])
    with pytest.raises(ValueError, match=r"Unknown precision 'int4'\. Did you mean 'int8'"):
        plan_formats(["onnx"], ["int4"])
    with pytest.raises(ValueError, match=r"The format .onnx. has no bfloat16\. It has: float32, int8"):
        plan_formats(["onnx-bfloat16"]).check()
