"""KerasCV's backbones with random weights, without the network."""

import sys

import keras
import numpy as np
import pytest

from imgcls.models import build_model, find_architecture, load_model
from imgcls.models.keras_file import save

FAMILIES = {  # a small backbone of each family -> its parameters, by KerasCV's metadata or keras.applications
    "csp_darknet_tiny": 2_380_416,
    "efficientnetv1_b0": 4_049_564,
    "efficientnetv2_b0": 5_919_312,
    "mit_b0": 3_319_392,  # without the 10 classes that KerasCV counts too
    "mobilenet_v3_small": 939_120,
    "resnet18": 11_186_112,
    "resnet18_v2": 11_183_488,
}
PIXELS = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")


def test_a_backbone_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"no backbone 'resnet_50' .*Did you mean 'resnet50'"):
        find_architecture("keras_cv:resnet_50")


def test_without_the_package_the_sentence_has_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_cv", None)
    monkeypatch.setattr("imgcls.models.foreign.keras_cv_backbones.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"keras_cv:resnet18 needs KerasCV: pip install keras-cv"):
        find_architecture("keras_cv:resnet18")


def test_weights_that_cannot_be_downloaded_are_one_sentence(monkeypatch):
    def offline(*arguments, **keywords):
        raise OSError("no route to host")

    monkeypatch.setattr("keras_cv.models.ResNetBackbone.from_preset", offline)
    with pytest.raises(ConnectionError, match=r"resnet50_imagenet of KerasCV could not be downloaded .no route"):
        build_model("keras_cv:resnet50", (64, 64, 3), num_classes=2, weights="imagenet")


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_backbone_is_that_of_the_preset_and_survives_a_file(name, tmp_path):
    model = build_model(f"keras_cv:{name}", (64, 64, 3), num_classes=2)
    head = model.get_layer("logits").count_params()
    assert model.count_params() - head == FAMILIES[name]
    save(model, tmp_path / "model.keras")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras")(PIXELS), model(PIXELS), atol=1e-5)
    keras.backend.clear_session()


@pytest.mark.slow
def test_weights_from_a_local_file(tmp_path):
    from imgcls.models.foreign.keras_cv_backbones import built

    theirs = built("resnet18", (64, 64, 3))
    theirs.save_weights(tmp_path / "r.weights.h5")
    model = build_model("keras_cv:resnet18", (64, 64, 3), num_classes=2, weights=tmp_path / "r.weights.h5")
    features = keras.Model(model.input, model.get_layer("embedding").output)
    expected = np.asarray(theirs(PIXELS / 255)).mean((1, 2))
    np.testing.assert_allclose(features(PIXELS), expected, rtol=1e-3, atol=1e-4 * expected.max())
    with pytest.raises(ValueError, match=r"does not hold the weights"):
        build_model("keras_cv:resnet34", (64, 64, 3), num_classes=2, weights=tmp_path / "r.weights.h5")
