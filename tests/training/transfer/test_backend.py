"""The engine of a frozen network is the fastest that gives TensorFlow's numbers; another one is not believed."""

import sys

import keras
import numpy as np
import pytest

from imgcls.engines.engine import FEATURES
from imgcls.engines.openvino import OpenVINOEngine
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.layer_precision import layers_in
from imgcls.models import build_model
from imgcls.training.transfer import backend
from imgcls.training.transfer.features import depth_features


@pytest.fixture(scope="module")
def body() -> keras.Model:
    keras.utils.set_random_seed(0)
    return depth_features(build_model("lenet5_relu", (32, 32, 1), num_classes=3))[0]


def test_openvino_is_taken_where_it_gives_the_same_numbers(body):
    engine, why = backend.fastest_engine(body)
    assert isinstance(engine, OpenVINOEngine)
    assert why.startswith("OpenVINO computes the features")
    pixels = np.random.default_rng(1).uniform(0, 255, (2, *body.input_shape[1:])).astype(np.float32)
    expected = TensorFlowEngine({FEATURES: body}).predict(pixels)[FEATURES]
    difference = np.abs(engine.predict(pixels)[FEATURES] - expected).max()
    assert difference <= 10 * backend.LARGEST_DIFFERENCE * max(1.0, np.abs(expected).max())


def test_an_engine_with_other_numbers_is_not_taken(body, monkeypatch):
    real = OpenVINOEngine.predict
    monkeypatch.setattr(OpenVINOEngine, "predict", lambda self, x: {n: 1.01 * v for n, v in real(self, x).items()})
    engine, why = backend.fastest_engine(body)
    assert isinstance(engine, TensorFlowEngine)
    assert why == "TensorFlow computes the features; OpenVINO's differ by 0.01."


def test_without_openvino_the_way_to_it_is_said(body, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    engine, why = backend.fastest_engine(body)
    assert isinstance(engine, TensorFlowEngine)
    assert "pip install imgcls[openvino]" in why


def test_the_features_of_a_network_that_trains_in_bfloat16_are_those_of_openvino(tmp_path, bfloat16):
    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, name="conv"), keras.layers.ReLU()]
    keras.Sequential(layers).save(tmp_path / "mine.keras")
    for precision in ("bfloat16", "float32"):  # the run's network is built first, then that of its features
        with layers_in(precision):
            built = build_model(str(tmp_path / "mine.keras"), num_classes=2, weights="own", preprocessing="0-1")
        assert built.get_layer("conv").compute_dtype == precision
    engine, why = backend.fastest_engine(depth_features(built)[0])
    assert isinstance(engine, OpenVINOEngine), why


def test_the_cause_is_said_where_openvino_fails(body, monkeypatch):
    def failed(*_):
        raise RuntimeError(
            "Exception from src/inference/src/cpp/core.cpp:117:\nCheck 'newNode' failed at src/node.cpp:1626:\n"
            "Unsupported operation of type: Convert name: Transpose_49\nDetails:\nNot Implemented:\n"
            "cpu_convert can't convert from: f32 precision to: dynamic\n\n"
        )

    monkeypatch.setattr(backend, "convert", failed)
    assert backend.fastest_engine(body)[1] == (
        "TensorFlow computes the features; OpenVINO failed: Unsupported operation of type: Convert name: Transpose_49; "
        "cpu_convert can't convert from: f32 precision to: dynamic"
    )
