"""A function of a file that returns a Keras model."""

import numpy as np
import pytest

from imgcls.models import build_model, find_architecture, load_model
from imgcls.models.keras_file import save
from imgcls.models.own_file import try_out

FILE = """
import keras
from imgcls.models import keras_model

class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2 * x

@keras_model("NAME", preprocessing="0-1", image_size=32)
def net(shape):
    images = keras.Input(shape)
    x = Doubled(name="doubled")(keras.layers.Conv2D(4, 3, strides=2, activation="relu")(images))
    return keras.Model(images, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x)))
"""


def file_of(folder, name: str, text: str = FILE):
    (folder / "network.py").write_text(text.replace("NAME", name))
    return str(folder / "network.py")


def test_its_model_is_a_network_of_any_size_and_colour(tmp_path):
    path = file_of(tmp_path, "doubling")
    assert find_architecture(path).image_size == 32
    for shape in ((32, 32, 3), (48, 48, 1)):
        model = build_model(path, shape, num_classes=2)
        assert model.get_layer("doubled").output.shape[-1] == 4
    save(model, tmp_path / "model.keras")
    pixels = np.ones((1, 48, 48, 1), "float32")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras")(pixels), model(pixels), atol=1e-5)


def test_a_trained_model_brings_its_weights(tmp_path):
    text = FILE.replace("image_size=32", "image_size=32, trained=True")
    path = file_of(tmp_path, "trained", text)
    assert find_architecture(path).default_weights == "own"
    assert find_architecture(file_of(tmp_path, "untrained")).default_weights == "none"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('preprocessing="0-1"', 'preprocessing="01"'), "network.py, line 9: @keras_model.* has no preprocessing '01'"),
        (("return keras.Model(", "return (3, "), "The model of .* is a tuple; expected a keras.Model"),
        (("keras.Model(images, keras", "keras.Model(images, 2 * [x]); (keras"), "The model of .* has 2 outputs"),
        (("images = keras", "images = kears"), "network.py, line 11: NameError: name 'kears' is not defined"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(tmp_path, change, said):
    path = file_of(tmp_path, f"mistaken_{abs(hash(change))}", FILE.replace(*change))
    with pytest.raises(ValueError, match=said) as caught:
        try_out(path, 32, 3)
    assert "\n" not in str(caught.value)
