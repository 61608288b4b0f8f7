"""Every engine gives the same answers to the same network, whatever the size of the batch."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls.engines import litert_conversion, onnx_conversion
from imgcls.engines.engine import Engine
from imgcls.engines.litert import LiteRTEngine
from imgcls.engines.onnx import ONNXEngine
from imgcls.engines.openvino import OpenVINOEngine, read_network
from imgcls.engines.openvino_conversion import convert
from imgcls.engines.openvino_signature import write_network
from imgcls.engines.tensorflow import TensorFlowEngine

SHAPE = (8, 8, 3)


@pytest.fixture(scope="module")
def models() -> dict[str, keras.Model]:
    keras.utils.set_random_seed(5)
    pixels = keras.Input(SHAPE)
    x = keras.layers.Conv2D(4, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
    x = keras.layers.GlobalAveragePooling2D()(x)
    probabilities = keras.layers.Dense(3, activation="softmax")(x)
    return {"probabilities": keras.Model(pixels, probabilities), "embedding": keras.Model(pixels, x)}


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (4, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module")
def files(models, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    onnx_conversion.write_network(onnx_conversion.convert(models), folder / "model.onnx")
    litert_conversion.write_network(litert_conversion.convert(models), folder / "model.tflite", {"labels.txt": "a"})
    return folder


@pytest.fixture
def made(models, files):
    def make(kind: str, batch_size: int | None) -> Engine:
        if kind == "TensorFlow":
            return TensorFlowEngine(models, batch_size)
        if kind == "OpenVINO":
            return OpenVINOEngine(convert(models, batch_size), batch_size=batch_size)
        return ONNXEngine(files / "model.onnx") if kind == "ONNX Runtime" else LiteRTEngine(files / "model.tflite")

    return make


KINDS = ["TensorFlow", "OpenVINO", "ONNX Runtime", "LiteRT"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [None, 4])
def test_an_engine_answers_what_the_models_answer(kind, batch_size, models, made, pixels):
    engine = made(kind, batch_size)
    assert engine.name == kind
    assert engine.device == "CPU"
    assert set(engine.outputs) == set(models)
    for count in (4, 1, 0):
        found = engine.predict(pixels[:count])
        for name, model in models.items():
            assert found[name].dtype == np.float32
            np.testing.assert_allclose(found[name], np.asarray(model(pixels))[:count], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_many_batches_come_back_with_their_keys(kind, models, made, pixels):
    engine = made(kind, batch_size=2)
    batches = [(place, pixels[place : place + 1 + place % 2]) for place in range(4)] * 5
    found = list(engine.predict_batches(iter(batches)))
    assert sorted(key for key, _ in found) == sorted(key for key, _ in batches)
    expected = np.asarray(models["embedding"](pixels))
    for place, outputs in found:
        np.testing.assert_allclose(outputs["embedding"], expected[place : place + 1 + place % 2], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_may_ask_at_once(kind, models, made, pixels):
    engine = made(kind, None)
    expected = np.asarray(models["probabilities"](pixels))
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda place: engine.predict(pixels[place : place + 1]), [0, 1, 2, 3] * 20))
    for place, row in zip([0, 1, 2, 3] * 20, rows, strict=True):
        np.testing.assert_allclose(row["probabilities"][0], expected[place], atol=1e-5)


def test_a_network_of_openvino_survives_the_disk(models, pixels, tmp_path):
    network = convert(models)
    write_network(network, tmp_path / "model.xml")
    found = OpenVINOEngine(read_network(tmp_path / "model.xml")).predict(pixels)
    expected = OpenVINOEngine(network).predict(pixels)
    assert all(np.array_equal(found[name], expected[name]) for name in models)
    (tmp_path / "model.xml").write_text("cut off")
    with pytest.raises(ValueError, match="holds no network of OpenVINO"):
        read_network(tmp_path / "model.xml")
    with pytest.raises(ValueError, match=r"missing\.xml holds no network"):
        read_network(tmp_path / "missing.xml")


NETWORKS_END = """
import sys
import numpy as np
from imgcls.engines.openvino import OpenVINOEngine, read_network
network = read_network(sys.argv[1])
for number in range(150):
    engine = OpenVINOEngine(network, batch_size=4)
    answers = engine.predict_batches((key, np.zeros((4, 8, 8, 3), np.float32)) for key in range(5))
    assert len(list(answers)) == 5 if number % 2 else next(answers)[0] == 0
    del engine, answers
"""


@pytest.mark.thorough
def test_a_network_of_openvino_ends_while_it_was_just_asked_for_many_batches(models, tmp_path):
    """With a callback its last reference ended now and then in a thread of OpenVINO, which aborted the process."""
    write_network(convert(models, 4), tmp_path / "network.xml")
    ended = subprocess.run(
        [sys.executable, "-c", NETWORKS_END, tmp_path / "network.xml"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


CONVERTED = """
import socket, sys
def refuse(*_, **__): raise AssertionError("something was sent")
socket.socket.connect = refuse
import keras
from imgcls.engines.openvino_conversion import convert
pixels = keras.Input((8, 8, 3))
convert({"probabilities": keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))}, 4)
import nncf, openvino.tools.ovc.convert_impl
print(sorted(name for name in sys.modules if name.startswith("openvino_telemetry.")))
"""


@pytest.mark.thorough
def test_a_conversion_reports_nothing_to_anybody(tmp_path):
    ended = subprocess.run([sys.executable, "-c", CONVERTED], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "[]\n"), ended.stderr


@pytest.mark.parametrize(("engine", "name"), [(ONNXEngine, "model.onnx"), (LiteRTEngine, "model.tflite")])
def test_a_file_that_is_damaged_or_missing(engine, name, files, tmp_path):
    (tmp_path / name).write_bytes((files / name).read_bytes()[:100])
    with pytest.raises(ValueError, match=rf"{name} holds no network of .*Export the run again"):
        engine(tmp_path / name)
    with pytest.raises(ValueError, match=r"missing holds no network of"):
        engine(tmp_path / "missing")
