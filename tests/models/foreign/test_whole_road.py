"""A Keras model of another project goes the whole road: trained, judged, explained, exported, resumed."""

import keras
import numpy as np
import pytest

from imgcls import ImageClassifier
from imgcls.config import NetworkConfig
from imgcls.run_folder import RunFolder


@pytest.fixture(scope="module")
def road(mobilenet_file, small_data, tmp_path_factory):
    """A run of a head on the small data, whose original model file is gone."""
    from imgcls.config import InputConfig, TrainConfig, TrainingConfig
    from imgcls.workflow.train import train_run

    copy = tmp_path_factory.mktemp("original") / "my_backbone.keras"
    copy.write_bytes(mobilenet_file.read_bytes())
    config = TrainConfig(
        input=InputConfig(data=str(small_data)),
        network=NetworkConfig(model=str(copy), preprocessing="plus-minus-1", plan="all"),
        training=TrainingConfig(epochs=1, batch_size=16, feature_views=1),
        runs=str(tmp_path_factory.mktemp("runs")),
        name="road",
    )
    run = train_run(config)
    copy.unlink()
    return run


@pytest.mark.slow
def test_a_keras_file_goes_the_whole_road(road, small_data, tmp_path, command):
    assert RunFolder(road.path).config.network.model == str(road.path / "network.keras")
    assert road.evaluation()["accuracy"] > 0.5
    images = sorted((small_data / "test" / "bag").iterdir())[:3]
    explained = command("explain.__main__", road.path, *images, "--output", tmp_path / "why")
    assert explained.code == 0, explained.err
    exported = command("export", road.path, "--output", tmp_path / "saved", "--format", "onnx")
    assert exported.code == 0, exported.err
    answers = [command("predict", source, *images).out for source in (road.path, tmp_path / "saved" / "road")]
    assert answers[0].splitlines()[:4] == answers[1].splitlines()[:4]
    again = command("train", "--resume", road.path, "--epochs", 2)
    assert again.code == 0, again.err


@pytest.mark.slow
def test_a_model_in_python_is_kept_beside_its_run(mobilenet, small_data, tmp_path):
    classifier = ImageClassifier(
        model=mobilenet, preprocessing="plus-minus-1", plan="head", feature_views=1, runs=str(tmp_path), verbose=False
    )
    classifier.fit(str(small_data))
    assert classifier.score() > 0.5
    kept = ImageClassifier.load(classifier.run_.path, verbose=False)
    assert kept.model.endswith("network.keras")
    images = sorted((small_data / "test" / "bag").iterdir())[:3]
    np.testing.assert_allclose(kept.predict_proba(images), classifier.predict_proba(images), atol=1e-5)


def test_the_pixels_are_asked_for_before_an_image_is_opened(
    mobilenet_file, command, tmp_path, monkeypatch, no_data_is_read
):
    monkeypatch.chdir(tmp_path)
    result = command("train", "--model", mobilenet_file)
    assert (result.code, len(result.err.strip().splitlines())) == (2, 1)
    assert "says which pixels it was trained with. Name them with --preprocessing: 0-1" in result.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--image-size", 96), "takes images of 64x64, not 96x96. Choose --image-size 64"),
        (("--color", "grayscale"), "takes images of 3 channels, not 1. Choose --color rgb"),
        (("--normalization", "group"), "--normalization changes the layers of imgcls's own networks"),
        (("--whitening", "pca"), "Whitening changes the pixels that"),
    ],
)
def test_what_cannot_be_had_is_said_before_an_image_is_opened(
    mobilenet_file,
    command,
    tmp_path,
    monkeypatch,
    no_data_is_read,
    flags,
    said,
):
    monkeypatch.chdir(tmp_path)
    result = command("train", "--model", mobilenet_file, "--preprocessing", "plus-minus-1", *flags)
    assert (result.code, len(result.err.strip().splitlines())) == (2, 1), result.err
    assert said in result.err


def test_a_layer_of_ones_own_cannot_be_kept(tmp_path, small_data):
    class Halved(keras.layers.Layer):
        def call(self, x):
            return x / 2

    model = keras.Sequential([keras.Input((32, 32, 3)), Halved()])
    with pytest.raises(ValueError, match=r"cannot be kept beside its run: it has 'Halved'.* @keras_model"):
        ImageClassifier(model=model, preprocessing="0-1", runs=str(tmp_path), verbose=False).fit(str(small_data))
