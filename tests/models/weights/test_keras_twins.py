"""The weight files of keras.applications, proven without a network.

The twin gets random weights and statistics and is saved in the official format; that file stands in for the download.
Then Keras' network with Keras' preprocessing and ours, which gets the pixels as they are, must answer the same.
"""

import importlib

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from imgcls.data_format import DATA_FORMATS
from imgcls.models import build_model, find_architecture, list_models
from imgcls.models.classifier import embedding_model, logits_model

EVERY_RUN = ("efficientnet_b0", "mobilenet_v3_small_075", "resnet50")  # three ways to prepare pixels
TWINS = [
    name for name in list_models() if find_architecture(name).weights.get("imagenet", None) is not None
    and find_architecture(name).weights["imagenet"].source.startswith("keras.applications")
]  # fmt: skip


def twin_of(name: str):
    """(module of keras.applications, its function, arguments)."""
    settings = find_architecture(name).weights["imagenet"].load.keywords
    network = getattr(keras.applications, settings["network"])
    module = importlib.import_module(network.__module__.replace("keras.src", "keras"))
    return module, network, settings["arguments"]


def official_file(name: str, path, randomize) -> None:
    """Save a random twin in the format of the official files, which is that of Keras 1 and 2."""
    module, network, arguments = twin_of(name)
    keras.utils.set_random_seed(0)
    twin = network(weights=None, **arguments)
    for layer in twin.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:  # the published values of B0
            layer.adapt_mean.assign([0.485, 0.456, 0.406])
            layer.adapt_variance.assign([0.229, 0.224, 0.225])
            layer.finalize_state()
        if type(layer).__name__ == "LayerScale":  # whose factors have no name, and are too small to show a mistake
            layer.gamma.assign(np.random.default_rng(1).uniform(0.5, 1.5, layer.gamma.shape))
    size = twin.input_shape[1] or find_architecture(name).image_size
    images = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype("float32")
    randomize(twin, module.preprocess_input(images))
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, twin)


@pytest.fixture
def downloads(monkeypatch, tmp_path, randomize):
    """Gives the file of an architecture wherever Keras would download one."""

    def give(name: str):
        path = tmp_path / f"{name}.h5"
        official_file(name, path, randomize)
        monkeypatch.setattr(file_utils, "get_file", lambda *args, **kwargs: str(path))
        return path

    return give


@pytest.mark.parametrize("name", [n if n in EVERY_RUN else pytest.param(n, marks=pytest.mark.slow) for n in TWINS])
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined:UserWarning")
@pytest.mark.thorough
def test_ours_answers_as_the_twin_in_both_layouts(name, downloads):
    downloads(name)
    module, network, arguments = twin_of(name)
    twin = network(weights="imagenet", classifier_activation=None, **arguments)
    size = twin.input_shape[1] or find_architecture(name).image_size
    pixels = np.random.default_rng(1).uniform(0, 255, (2, size, size, 3)).astype("float32")
    expected = twin(module.preprocess_input(pixels.copy())).numpy()
    for data_format in DATA_FORMATS:
        ours = build_model(name, weights="imagenet", data_format=data_format, input_shape=(size, size, 3))
        logits = logits_model(ours)(pixels).numpy()
        assert np.linalg.norm(logits - expected) / np.linalg.norm(expected) < 1e-4
    keras.backend.clear_session()


@pytest.fixture(scope="module")
def file_of_ten_classes(tmp_path_factory):
    """(twin, folder): a network of keras.applications with another head, saved as its weights and as a whole."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("ten")
    twin = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=10)
    twin.save_weights(folder / "ten.weights.h5")
    twin.save(folder / "ten.h5")
    return keras.Model(twin.input, twin.layers[-2].output), folder


def test_published_weights_get_a_head_for_other_classes(downloads):
    downloads("mobilenet_v2_035")
    ours = build_model("mobilenet_v2_035", (96, 96, 3), ["cat", "dog"], weights="imagenet")
    twin = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights="imagenet")
    same_features(ours, keras.Model(twin.input, twin.layers[-2].output))


@pytest.mark.parametrize("name", ["ten.weights.h5", "ten.h5"])
def test_a_file_with_a_head_for_other_classes_gives_its_backbone(name, file_of_ten_classes):
    twin, folder = file_of_ten_classes
    same_features(build_model("mobilenet_v2_035", (96, 96, 3), ["cat", "dog"], weights=folder / name), twin)


def same_features(ours, twin):
    pixels = np.random.default_rng(1).uniform(0, 255, (2, 96, 96, 3)).astype("float32")
    expected = twin(keras.applications.mobilenet_v2.preprocess_input(pixels.copy()))
    np.testing.assert_allclose(embedding_model(ours)(pixels), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "classes"), [("mobilenet_v2", ["cat", "dog"]), ("mobilenet_v2_035", None)])
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(name, classes, file_of_ten_classes):
    path = file_of_ten_classes[1] / "ten.weights.h5"
    with pytest.raises(ValueError, match=r"ten\.weights\.h5 does not hold the weights of .*MobileNetV2") as refused:
        build_model(name, (96, 96, 3), classes, weights=path)
    assert "\n" not in str(refused.value)
