import numpy as np
import pytest

from imgcls.engines.engine import Engine
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core import engine_choice
from imgcls.serving.server.core.conversion import convert_apart
from imgcls.serving.server.core.engine_choice import check_equal, choose_engine, comparison_pixels, load_openvino
from imgcls.serving.warmup import read_warmup

pytestmark = pytest.mark.thorough


class Shifted(Engine):
    """Another engine with a little added to an output."""

    name, device = "Shifted", "CPU"

    def __init__(self, engine: Engine, output: str, shift: float) -> None:
        self.engine, self.outputs, self.output, self.shift = engine, engine.outputs, output, shift

    def predict(self, pixels):
        found = self.engine.predict(pixels)
        return {**found, self.output: found[self.output] + np.float32(self.shift)}


@pytest.fixture(scope="module")
def model(bundle_path):
    return LoadedModel(bundle_path)


@pytest.fixture(scope="module")
def pixels(model, bundle_path):
    return comparison_pixels(model, list(read_warmup(bundle_path)))


@pytest.fixture(scope="module")
def converted(bundle_path):
    """The bundle holds no openvino/; its signature is converted."""
    return load_openvino(bundle_path)


def test_the_images_of_the_warm_up_file_are_compared(model, pixels):
    assert pixels.shape == (32, 28, 28, 1)
    assert comparison_pixels(model, []).shape == (2, 28, 28, 1)


@pytest.mark.parametrize(("wanted", "engine"), [("tensorflow", "TensorFlow"), ("openvino", "OpenVINO")])
def test_the_engine_that_is_asked_for(model, bundle_path, pixels, converted, monkeypatch, wanted, engine):
    monkeypatch.setattr(engine_choice, "load_openvino", lambda version: converted)
    chosen = choose_engine(model, bundle_path, wanted, lambda: pixels)
    assert (chosen.engine.name, engine in chosen.why) == (engine, True)


@pytest.mark.parametrize(("times", "engine"), [((2.0, 1.0), "OpenVINO"), ((1.0, 2.0), "TensorFlow")])
def test_auto_takes_the_faster_one_and_says_so(model, bundle_path, pixels, converted, monkeypatch, times, engine):
    monkeypatch.setattr(engine_choice, "load_openvino", lambda version: converted)
    monkeypatch.setattr(engine_choice, "_milliseconds", lambda engines, pixels: times)
    chosen = choose_engine(model, bundle_path, "auto", lambda: pixels)
    assert chosen.engine.name == engine
    assert f"{times[1]} ms with OpenVINO and {times[0]} ms with TensorFlow" in chosen.why


def test_other_numbers_are_refused_or_fallen_back_from(model, bundle_path, pixels, monkeypatch):
    right = choose_engine(model, bundle_path, "tensorflow", lambda: pixels).engine
    check_equal(right, Shifted(right, "probabilities", 9e-5), pixels)
    wrong = Shifted(right, "probabilities", 2e-4)
    with pytest.raises(ValueError, match=r"Shifted differs from the bundle by 2.0e-04 in 'probabilities'"):
        check_equal(right, wrong, pixels)
    with pytest.raises(ValueError, match="in 'logits'"):
        check_equal(right, Shifted(right, "logits", 1.0), pixels)
    monkeypatch.setattr(engine_choice, "load_openvino", lambda version: wrong)
    with pytest.raises(ValueError, match="Serve it with --engine tensorflow"):
        choose_engine(model, bundle_path, "openvino", lambda: pixels)
    chosen = choose_engine(model, bundle_path, "auto", lambda: pixels)
    assert chosen.engine.name == "TensorFlow"
    assert "Shifted differs" in chosen.why


def test_engines_are_compared_on_every_image_a_few_at_a_time(model, bundle_path, pixels):
    right = choose_engine(model, bundle_path, "tensorflow", lambda: pixels).engine
    seen = []

    class Watched(Shifted):
        def predict(self, pixels):
            seen.append(len(pixels))
            return super().predict(pixels)

    check_equal(right, Watched(right, "probabilities", 0.0), pixels)
    assert (sum(seen), max(seen)) == (len(pixels), 4)  # OpenVINO keeps the memory of the largest batch


def test_a_network_that_cannot_be_converted_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"^OpenVINO cannot compute this network \(.*holds no SavedModel"):
        convert_apart(tmp_path, tmp_path / "model.xml")
    assert not list(tmp_path.iterdir())


def test_without_openvino(model, bundle_path, pixels, monkeypatch):
    monkeypatch.setattr(engine_choice, "find_spec", lambda name: None)
    assert "is not installed" in choose_engine(model, bundle_path, "auto", lambda: pixels).why
    with pytest.raises(ValueError, match="pip install"):
        choose_engine(model, bundle_path, "openvino", lambda: pixels)
