import json
import zipfile

import keras
import numpy as np
import pytest

from imgcls.layers import Judgement
from imgcls.models import build_model, keras_file, load_model
from imgcls.models.auxiliary import without_auxiliary_heads
from imgcls.models.classifier import (
    in_channels_last,
    is_multi_label,
    judgement,
    judgement_models,
    temperature,
    with_judgement,
)

NAMES = ["ant", "bee", "cow"]
PIXELS = np.random.default_rng(0).uniform(0, 255, (6, 32, 32, 1)).astype("float32")


def fitted(size: int) -> Judgement:
    """A judgement for an embedding of `size` numbers, with a bank of five of them."""
    random = np.random.default_rng(1)
    layer = Judgement(3, "aps", unknown_method="knn", unknown_shapes={"bank": (5, size)}, facts={"coverage": 0.9})
    bank = random.normal(size=(5, size))
    numbers = {"thresholds": [0.3, 0.4, 0.5], "quantiles": [0.8] * 3, "unknown_threshold": 0.9, "unknown_bank": bank}
    layer.assign({name: np.asarray(values) for name, values in numbers.items()})
    return layer


def judged(name: str = "lenet5", **options) -> keras.Model:
    model = build_model(name, (32, 32, 1), NAMES, **options)
    return with_judgement(model, 2.0, fitted(model.get_layer("embedding").output.shape[-1]))


def said(model: keras.Model) -> np.ndarray:
    return model.predict_on_batch(PIXELS)


def answers(model: keras.Model) -> dict[str, np.ndarray]:
    return {name: np.asarray(part(PIXELS, training=False)) for name, part in judgement_models(model).items()}


def check_equal(one: keras.Model, other: keras.Model) -> None:
    assert temperature(one) == temperature(other)
    np.testing.assert_allclose(said(one), said(other), atol=1e-5)
    found, expected = answers(one), answers(other)
    assert list(found) == ["decision", "prediction_set", "unknown_score"]
    np.testing.assert_allclose(found["unknown_score"], expected["unknown_score"], atol=1e-5)
    for name in ("decision", "prediction_set"):
        assert np.array_equal(found[name], expected[name])
    assert judgement(one).facts == judgement(other).facts


def test_a_judgement_is_added_and_taken_out_again():
    model = build_model("lenet5", (32, 32, 1), NAMES)
    assert (judgement(model), temperature(model), judgement_models(model)) == (None, 1.0, {})
    layer = fitted(84)
    other = with_judgement(model, 2.0, layer)
    assert judgement(other) is layer
    assert judgement(model) is None
    logits = keras.Model(model.input, model.get_layer("logits").output)(PIXELS)
    np.testing.assert_allclose(other(PIXELS), keras.ops.softmax(logits / 2.0), atol=1e-5)
    assert len(other.weights) == len(model.weights) + 4
    assert len(other.trainable_weights) == len(model.trainable_weights)
    again = with_judgement(other)
    assert judgement(again) is None
    assert np.array_equal(again(PIXELS), model(PIXELS))


def test_the_judgement_is_for_as_many_classes():
    with pytest.raises(ValueError, match="The judgement is for 5 classes; expected 3"):
        with_judgement(build_model("lenet5", (32, 32, 1), NAMES), 1.0, Judgement(5))


@pytest.mark.parametrize(
    ("name", "options", "is_plain"),
    [
        ("lenet5", {}, True),
        ("resnet20", {}, False),
        ("lenet5", {"data_format": "channels_first"}, False),
    ],
)
@pytest.mark.thorough
def test_files_keep_it_whatever_layers_they_hold(name, options, is_plain, tmp_path):
    model = judged(name, **options)
    path = tmp_path / "model.keras"
    keras_file.save(model, path)
    with zipfile.ZipFile(path) as archive:
        assert (keras_file.JUDGEMENT in archive.namelist()) == is_plain
        found = json.loads(archive.read("config.json"))["config"]["layers"]
        assert {"standardization", "embedding", "logits", "probabilities"} <= {layer["name"] for layer in found}
    if options and keras.config.backend() == "tensorflow":
        model = in_channels_last(model)
    check_equal(in_channels_last(load_model(path)), model)
    if is_plain:
        np.testing.assert_allclose(said(keras.models.load_model(path)), said(model), atol=1e-5)


def test_the_other_layout_keeps_it():
    model = judged("resnet20", data_format="channels_first")
    turned = in_channels_last(model)
    numbers = judgement(model).numbers()
    assert judgement(turned) is not judgement(model)
    assert all(np.array_equal(values, numbers[name]) for name, values in judgement(turned).numbers().items())


def test_a_network_without_its_auxiliary_heads_keeps_it():
    model = build_model("googlenet", (96, 96, 3), NAMES, auxiliary_heads=True)
    model = with_judgement(model, 2.0, fitted(model.get_layer("embedding").output.shape[-1]))
    plain = without_auxiliary_heads(model)
    numbers = judgement(model).numbers()
    assert temperature(plain) == 2.0
    assert all(np.array_equal(values, numbers[name]) for name, values in judgement(plain).numbers().items())


def test_probabilities_of_several_labels_an_image_stand_by_themselves(tmp_path):
    model = build_model("lenet5", (32, 32, 1), NAMES)
    config = {**model.get_layer("probabilities").get_config(), "activation": "sigmoid", "temperature": 3.0}
    layer = type(model.get_layer("probabilities")).from_config(config)
    several = keras.Model(model.input, layer(model.get_layer("logits").output), name=model.name)
    assert (is_multi_label(model), is_multi_label(several)) == (False, True)
    keras_file.save(several, tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert is_multi_label(again)
    logits = keras.Model(model.input, model.get_layer("logits").output)(PIXELS)
    for each in (several, again, keras.models.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(said(each), keras.ops.sigmoid(logits / 3.0), atol=1e-5)
