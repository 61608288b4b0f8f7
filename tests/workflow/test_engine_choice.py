"""Which engine predicts; that OpenVINO's gives the same is shown in tests/test_predict.py."""

import pytest

from imgcls.engines.engine import PROBABILITIES
from imgcls.workflow import engine_choice
from imgcls.workflow.engine_choice import check_alike, choose_engine
from tests.workflow.many_images.brightness import Brightness, brightness


@pytest.mark.parametrize("name", ["auto", "tensorflow"])
def test_what_no_bundle_holds_is_computed_by_tensorflow_unless_it_is_asked_for(name):
    predictor = brightness()
    engine = predictor.engine
    assert choose_engine(predictor, name).engine is engine


def test_an_engine_that_gives_something_else_is_refused():
    class Darkness(Brightness):
        name = "OpenVINO"

        def predict(self, pixels):
            return {PROBABILITIES: super().predict(pixels)[PROBABILITIES] + 0.001}

    check_alike(Brightness(), brightness())
    with pytest.raises(ValueError, match=r"OpenVINO gives probabilities that differ by 0\.001 .* --engine tensorflow"):
        check_alike(Darkness(), brightness())


def test_a_format_is_of_a_bundle():
    with pytest.raises(ValueError, match=r"--engine is onnx; .* Name a bundle that was exported with --format"):
        choose_engine(brightness(), "onnx")


def test_what_to_install_is_said(monkeypatch):
    monkeypatch.setattr(engine_choice, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'imgcls\[openvino\]'"):
        choose_engine(brightness(), "openvino")
