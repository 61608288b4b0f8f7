"""A model file may say how it is built; it may not run programs. Keras' safe mode stays on."""

import pickle
import zipfile
from pathlib import Path

import keras
import pytest

from imgcls.models import build_model, load_model


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, Path]:
    """A model with a Lambda layer that makes a file when its program runs, in each form that Keras reads."""
    folder = tmp_path_factory.mktemp("hostile")
    marker = str(folder / "was run")
    pixels = keras.Input((28, 28, 1))
    program = keras.layers.Lambda(lambda x: (open(marker, "w").close(), x)[1])
    model = keras.Model(pixels, keras.layers.Flatten()(program(pixels)))
    Path(marker).unlink()  # building it has run it
    model.save(folder / "lambda.keras")
    keras.models.load_model(folder / "lambda.keras", compile=False, safe_mode=False)
    Path(marker).unlink()  # so the file is what it pretends to be
    model.save(folder / "lambda.h5")
    (folder / "h5.keras").write_bytes((folder / "lambda.h5").read_bytes())
    (folder / "pickle.keras").write_bytes(pickle.dumps(_Runs(marker)))
    with zipfile.ZipFile(folder / "pickles.keras", "w") as archive:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            archive.writestr(name, pickle.dumps(_Runs(marker)))
    return {path.name: path for path in folder.iterdir()}


class _Runs:
    def __init__(self, marker: str):
        self.marker = marker

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5", "h5.keras", "pickle.keras", "pickles.keras"])
def test_a_file_that_would_run_a_program_is_refused_in_a_sentence(hostile, name):
    with pytest.raises(ValueError, match=f"{name} is no classifier that imgcls saved") as caught:
        load_model(hostile[name])
    assert "Name another file." in str(caught.value)
    assert not (hostile[name].parent / "was run").exists()


def test_neither_weights_nor_an_earlier_network_may_run_one(hostile):
    for given in ({"weights": str(hostile["lambda.keras"])}, {"init_from": str(hostile["lambda.keras"])}):
        with pytest.raises(ValueError, match="is no classifier that imgcls saved"):
            build_model("lenet5", num_classes=2, input_shape=(32, 32, 1), **given)
    assert not (hostile["lambda.keras"].parent / "was run").exists()
