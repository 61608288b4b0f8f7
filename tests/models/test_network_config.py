"""A network's config as JSON: it comes back whole, and no config of a stranger runs code."""

import copy
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls.models import build_model
from imgcls.models.network_config import network_config, network_from_config
from tests.models.test_own_file import OWN, OWN_LAYER

PIXELS = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_model("resnet20", (32, 32, 3), ["cat", "dog"], activation="prelu")


@pytest.fixture(scope="module")
def config(model) -> dict:
    return json.loads(json.dumps(network_config(model)))


def test_a_network_comes_back_with_its_answers(model, config):
    again = network_from_config(config, model.get_weights())
    np.testing.assert_array_equal(again(PIXELS, training=False), model(PIXELS, training=False))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_a_network_of_keras_cv_comes_back_without_a_warning(recwarn):
    model = build_model("keras_cv:mit_b0", (64, 64, 3), ["cat", "dog"])
    recwarn.clear()
    again = network_from_config(network_config(model), model.get_weights())
    assert not [str(warning.message) for warning in recwarn if "build()" in str(warning.message)]
    assert again.count_params() == model.count_params()


def test_weights_that_do_not_fit_are_refused(model, config):
    weights = model.get_weights()
    with pytest.raises(ValueError, match=r"of other shapes than the 1 that came with it"):
        network_from_config(config, weights[:1])
    with pytest.raises(ValueError, match="of other shapes"):
        network_from_config(config, [weights[0][..., :1], *weights[1:]])


def hostile(config: dict, marker: Path) -> dict[str, dict]:
    """The config with one of its layers replaced by what would run a program, in the forms that Keras knows."""
    path = str(marker)
    program = keras.saving.serialize_keras_object(keras.layers.Lambda(lambda x: (open(path, "w").close(), x)[1]))
    module = {"module": "keras.layers", "registered_name": None, "build_config": None}
    layers = {
        "lambda": program,
        "Lambda under another name": {**program, "registered_name": "imgcls>Nothing"},
        "SavedModel": {**module, "class_name": "TFSMLayer", "config": {"filepath": str(marker)}},
        "pickle": {**module, "class_name": "TorchModuleWrapper", "config": {"module": "gASV"}},
        "function": {**module, "module": "os", "class_name": "function", "config": "system"},
        "download": {**module, "module": "keras.utils", "class_name": "get_file", "config": {"origin": "x"}},
        "other package": {**module, "module": "subprocess", "class_name": "Popen", "config": {"args": "true"}},
        "no module": {**module, "module": "keras..layers", "class_name": "Dense", "config": {"units": 1}},
        "inside of another": {
            **module,
            "class_name": "TimeDistributed",
            "config": {"layer": program},
        },
    }
    found = {}
    for name, layer in layers.items():
        found[name] = copy.deepcopy(config)
        place = found[name]["config"]["layers"][2]
        found[name]["config"]["layers"][2] = {**place, **layer}
    return found


def test_a_config_that_would_run_code_is_refused(model, config, tmp_path):
    for name, each in hostile(config, tmp_path / "was run").items():
        with pytest.raises(ValueError, match="is not of Keras or imgcls, or may run code"):
            network_from_config(each, model.get_weights())
        assert not (tmp_path / "was run").exists(), name


@pytest.mark.parametrize("config", [{}, {"class_name": "Functional"}, {"config": {"layers": []}}])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(ValueError, match=r"config|Keras"):
        network_from_config(config, [])


def test_own_networks_of_known_layers_come_back_and_own_layers_are_named(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    model = build_model(str(tmp_path / "own.py"), num_classes=3)
    again = network_from_config(network_config(model), model.get_weights())
    np.testing.assert_array_equal(again(PIXELS, training=False), model(PIXELS, training=False))
    (tmp_path / "own_layer.py").write_text(OWN_LAYER)
    with pytest.raises(ValueError, match="it has 'Halved', which is not of Keras or imgcls"):
        network_config(build_model(str(tmp_path / "own_layer.py"), num_classes=3))
