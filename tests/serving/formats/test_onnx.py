"""A classifier as one file of ONNX, for whoever has ONNX Runtime and nothing of imgcls."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.serving.bundle import load_bundle
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING


def test_the_file_alone_names_an_image(judged_path, judged_bundle, images):
    session = onnxruntime.InferenceSession(judged_path / "onnx" / "model.onnx")
    held = session.get_modelmeta().custom_metadata_map
    assert json.loads(held["class_names"]) == CLASS_NAMES
    assert Preprocessing(**json.loads(held["preprocessing"])) == PREPROCESSING
    (pixels,) = read_images(images[:1], Preprocessing(**json.loads(held["preprocessing"])))
    (found,) = session.run(["probabilities"], {"pixels": pixels.result[None]})
    expected = judged_bundle(images[:1])[0]
    assert json.loads(held["class_names"])[found[0].argmax()] == expected.classes[0]
    np.testing.assert_allclose(found.max(), expected.probabilities[0], atol=1e-5)


def test_the_file_passes_the_checker_of_onnx_and_takes_any_batch(judged_path):
    network = onnx.load(judged_path / "onnx" / "model.onnx")
    onnx.checker.check_model(network, full_check=True)
    assert [size.dim_param or size.dim_value for size in network.graph.input[0].type.tensor_type.shape.dim] == [
        "batch", 28, 28, 1,
    ]  # fmt: skip


@pytest.mark.thorough
def test_it_answers_as_the_saved_model_with_decisions(judged_bundle, images):
    found, expected = load_bundle(judged_bundle.path, "onnx").predict(images), judged_bundle.predict(images)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    assert found.decisions == expected.decisions
    assert found.prediction_sets == expected.prediction_sets
