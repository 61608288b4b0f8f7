"""The networks of keras.applications by name."""

import keras
import numpy as np
import pytest

from imgcls.models import build_model, find_architecture
from imgcls.models.foreign.applications import PIXELS, list_applications
from imgcls.models.foreign.expected_pixels import EXPECTED
from tests.models.foreign.conftest import embedding

MODULES = {  # the pixels as the network's own preprocess_input makes them
    "MobileNetV2": keras.applications.mobilenet_v2,
    "VGG16": keras.applications.vgg16,
    "DenseNet121": keras.applications.densenet,
    "EfficientNetB0": keras.applications.efficientnet,
    "ResNet50": keras.applications.resnet,
    "ResNet50V2": keras.applications.resnet_v2,
    "ConvNeXtTiny": keras.applications.convnext,
    "MobileNetV3Small": keras.applications.mobilenet_v3,
    "NASNetMobile": keras.applications.nasnet,
    "InceptionV3": keras.applications.inception_v3,
}


@pytest.mark.parametrize("name", MODULES)
def test_its_pixels_are_those_of_its_own_preprocessing(name):
    row = EXPECTED[find_architecture(f"keras_applications:{name}").preprocessing]
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 2, 2, 3)).astype("float32")
    found = (pixels - row.mean) / row.std
    found = found[..., ::-1] if row.blue_first else found
    np.testing.assert_allclose(found, MODULES[name].preprocess_input(pixels.copy()), rtol=1e-3, atol=1e-2)


def test_every_network_has_its_pixels():
    for name in list_applications():
        assert any(name.startswith(start) for start, _ in PIXELS), name


@pytest.mark.thorough
def test_weights_from_a_file_without_a_download(tmp_path):
    theirs = keras.applications.MobileNetV3Small((64, 64, 3), include_top=False, weights=None)
    theirs.save_weights(tmp_path / "w_notop.weights.h5")
    ours = build_model(
        "keras_applications:mobilenetv3small", (64, 64, 3), num_classes=2, weights=tmp_path / "w_notop.weights.h5"
    )
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    expected = np.asarray(theirs(pixels)).mean((1, 2))
    np.testing.assert_allclose(embedding(ours)(pixels), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.thorough
def test_a_file_gives_the_network_that_its_download_gives(tmp_path, monkeypatch):
    """Keras builds EfficientNet with one layer more where it is to have the published weights."""
    file = tmp_path / "b0_notop.weights.h5"
    keras.applications.EfficientNetB0(input_shape=(64, 64, 3), include_top=False, weights=None).save_weights(file)
    ours = build_model("keras_applications:EfficientNetB0", (64, 64, 3), num_classes=2, weights=file)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *args, **keywords: str(file))
    theirs = keras.applications.EfficientNetB0(input_shape=(64, 64, 3), include_top=False)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    expected = np.asarray(theirs(pixels)).mean((1, 2))
    np.testing.assert_allclose(embedding(ours)(pixels), expected, rtol=1e-3, atol=1e-5)


def test_an_unknown_name_and_other_pixels_are_refused():
    with pytest.raises(ValueError, match=r"no network 'MobilNetV2'.* Did you mean 'MobileNetV2'"):
        find_architecture("keras_applications:MobilNetV2")
    with pytest.raises(ValueError, match=r"takes pixels of --preprocessing plus-minus-1, not imagenet"):
        build_model("keras_applications:MobileNetV2", (64, 64, 3), num_classes=2, preprocessing="imagenet")


def test_what_cannot_be_downloaded_is_one_sentence(monkeypatch):
    def offline(**keywords):
        raise Exception("URL fetch failure on https://somewhere: None -- no route")  # as keras.utils.get_file does

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(ConnectionError, match=r"VGG19 could not be downloaded. Download the .h5 file"):
        build_model("keras_applications:VGG19", (64, 64, 3), num_classes=2, weights="imagenet")
