"""A classifier as one file of LiteRT, for a phone or a small board."""

import json
import zipfile

import numpy as np
import pytest

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.serving.bundle import load_bundle
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING


def test_the_file_says_its_class_names(judged_path):
    with zipfile.ZipFile(judged_path / "litert" / "model.tflite") as archive:
        assert archive.read("labels.txt").decode().splitlines() == CLASS_NAMES
        held = json.loads(archive.read("imgcls.json"))
    assert json.loads(held["class_names"]) == CLASS_NAMES
    assert Preprocessing(**json.loads(held["preprocessing"])) == PREPROCESSING


@pytest.mark.thorough
def test_it_answers_as_the_saved_model_with_decisions(judged_bundle, images):
    found, expected = load_bundle(judged_bundle.path, "litert").predict(images), judged_bundle.predict(images)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    assert found.decisions == expected.decisions
    assert found.prediction_sets == expected.prediction_sets
