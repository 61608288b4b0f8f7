""".keras files of others: opened, or refused before any of their programs runs."""

import json
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from imgcls.layer_precision import layers_in
from imgcls.models import build_model, find_architecture
from imgcls.models.keras_file import save
from tests.models.foreign.conftest import embedding


@pytest.mark.thorough
def test_a_file_gives_its_features(mobilenet, mobilenet_file, pixels):
    ours = build_model(str(mobilenet_file), num_classes=2, weights="own", preprocessing="plus-minus-1")
    expected = keras.Model(mobilenet.input, mobilenet.layers[-2].output)(pixels / 127.5 - 1)
    np.testing.assert_allclose(embedding(ours)(pixels), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.thorough
def test_weights_may_come_from_another_file(mobilenet, mobilenet_file, tmp_path):
    other = keras.models.clone_model(mobilenet)
    other.save_weights(tmp_path / "other.weights.h5")
    ours = build_model(
        str(mobilenet_file), num_classes=2, weights=tmp_path / "other.weights.h5", preprocessing="plus-minus-1"
    )
    np.testing.assert_array_equal(ours.get_layer("Conv1").kernel, other.get_layer("Conv1").kernel)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (layers.Conv2D(4, 5), r"\(conv/kernel is \(3, 3, 3, 4\) in the model and \(5, 5, 3, 4\) in the file\)\.$"),
        (
            layers.Conv2D(4, 3, use_bias=False),
            r"\(<Conv2D name=conv.*: Layer 'conv' expected 2 variables, but received 1",
        ),
        (layers.Flatten(), r"\(<Conv2D name=conv, .*: Layer 'conv' expected 2 variables, but received 0"),
    ],
)
def test_weights_of_other_layers_are_refused_with_what_does_not_fit(tmp_path, other, said):
    keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="conv")]).save(tmp_path / "net.keras")
    keras.Sequential([keras.Input((8, 8, 3)), other]).save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ValueError, match=said):
        build_model(
            str(tmp_path / "net.keras"), num_classes=2, weights=tmp_path / "other.weights.h5", preprocessing="0-1"
        )


def test_files_whose_models_have_one_name_are_each_its_own(tmp_path):
    files = [str(tmp_path / f"{number}.keras") for number in (1, 2, 3)]
    for number, file in enumerate(files, 1):
        model = keras.Sequential(
            [keras.Input((8, 8, 3)), layers.Conv2D(number, 3, name="conv"), layers.GlobalAveragePooling2D()], name="net"
        )
        model.set_weights([np.full(weight.shape, number) for weight in model.get_weights()])
        model.save(file)
        find_architecture(file)
    for number, file in enumerate(files, 1):
        kernel = build_model(file, num_classes=2, weights="own", preprocessing="0-1").get_layer("conv").kernel
        np.testing.assert_array_equal(kernel, np.full((3, 3, 3, number), number))


def test_a_file_with_a_program_is_not_opened(tmp_path):
    marker = tmp_path / "was run"
    named = str(marker)
    program = layers.Lambda(lambda x: (open(named, "w").close(), x)[1])
    keras.Sequential([keras.Input((8, 8, 3)), program]).save(tmp_path / "lambda.keras")
    marker.unlink()
    with pytest.raises(ValueError, match=r"is not opened: it has 'Lambda', which is not of Keras.*@keras_model"):
        find_architecture(str(tmp_path / "lambda.keras"))
    assert not marker.exists()


class Halved(layers.Layer):
    def call(self, x):
        return x / 2


def test_a_layer_of_ones_own_is_refused_with_what_to_do(tmp_path):
    keras.Sequential([keras.Input((8, 8, 3)), Halved()]).save(tmp_path / "own.keras")
    with pytest.raises(ValueError, match=r"it has 'Halved'.* write a .py file with a function under @keras_model"):
        find_architecture(str(tmp_path / "own.keras"))


def test_a_class_of_another_module_is_never_looked_up(tmp_path, mobilenet_file):
    with zipfile.ZipFile(mobilenet_file) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][1] |= {"module": "subprocess", "class_name": "Popen", "registered_name": "Popen"}
    with zipfile.ZipFile(tmp_path / "evil.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    with pytest.raises(ValueError, match=r"is not opened: it has 'Popen'"):
        find_architecture(str(tmp_path / "evil.keras"))


def test_a_classifier_of_ours_is_named(tmp_path):
    save(build_model("lenet5", num_classes=2), tmp_path / "ours.keras")
    with pytest.raises(ValueError, match=r"a classifier that imgcls saved, .* Choose --model lenet5 --weights"):
        find_architecture(str(tmp_path / "ours.keras"))


def test_of_a_classifier_of_a_keras_model_the_copy_beside_it_is_named(tmp_path):
    keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3)], name="plain").save(tmp_path / "mine.keras")
    (tmp_path / "run").mkdir()
    ours = tmp_path / "run" / "model.keras"
    save(build_model(str(tmp_path / "mine.keras"), num_classes=2, weights="own", preprocessing="0-1"), ours)
    with pytest.raises(ValueError, match=r"of the network plain\. Choose --weights .*, and for --model the network "):
        find_architecture(str(ours))
    copy = (tmp_path / "mine.keras").rename(tmp_path / "run" / "network.keras")
    with pytest.raises(ValueError, match=f"Choose --model {copy} --weights {ours}"):
        find_architecture(str(ours))
    build_model(str(copy), num_classes=2, weights=str(ours), preprocessing="0-1")
    with pytest.raises(ValueError, match=f"holds a plain; expected a lenet5. Choose --model {copy} --weights {ours}"):
        build_model("lenet5", num_classes=2, weights=str(ours))


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "bad.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"is no .keras file as Keras 3 writes it"):
        find_architecture(str(tmp_path / "bad.keras"))
    with pytest.raises(FileNotFoundError, match=r"No file at .*none.keras"):
        find_architecture(str(tmp_path / "none.keras"))


def test_a_file_that_was_saved_in_mixed_precision_computes_in_that_of_the_run(tmp_path):
    with layers_in("float16"):
        keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="conv")]).save(tmp_path / "mixed.keras")
    ours = build_model(str(tmp_path / "mixed.keras"), num_classes=2, weights="own", preprocessing="0-1")
    assert ours.get_layer("conv").compute_dtype == "float32"
