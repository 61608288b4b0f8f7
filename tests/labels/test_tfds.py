"""Data sets of TensorFlow Datasets, built here from a few pixels."""

import numpy as np
import PIL.Image
import pytest
import tensorflow_datasets as tfds

from imgcls.data.manifest.table import Manifest
from imgcls.labels import tfds as importer


class TinyShapes(tfds.core.GeneratorBasedBuilder):
    """Ten bright and dark squares, of which the last has a secret label."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(8, 8, 3)),
            "kind": tfds.features.ClassLabel(names=["=dark", "bright"]),
            "id": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(6), "test": self._generate_examples(4), "extra": self._secret()}

    def _generate_examples(self, count):
        for i in range(count):
            yield i, {"image": square(i), "kind": i % 2, "id": str(i)}

    def _secret(self):
        yield 0, {"image": square(9), "kind": -1, "id": "?"}


class TwoImages(tfds.core.GeneratorBasedBuilder):
    """Pairs, which are no images with one class each."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {name: tfds.features.Image(shape=(8, 8, 3)) for name in ("left", "right")}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        yield 0, {"left": square(0), "right": square(1)}


class FromTheNet(tfds.core.GeneratorBasedBuilder):
    """What cannot be downloaded here."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict({"a": tfds.features.Text()}))

    def _split_generators(self, dl_manager):
        raise tfds.download.DownloadError("nobody answers")

    def _generate_examples(self):
        yield 0, {"a": ""}


def square(number: int) -> np.ndarray:
    return np.full((8, 8, 3), 20 + 10 * number + 100 * (number % 2), np.uint8)


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))


def test_a_name_becomes_a_manifest_with_its_splits(tmp_path, command):
    result = command("import_labels", "tfds:tiny_shapes", "--output", tmp_path / "m.parquet")
    assert result.code == 3, result.err  # the image with the secret label
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert manifest.counts().to_dict() == {"train": {"=dark": 3, "bright": 3}, "test": {"=dark": 2, "bright": 2}}
    assert set(manifest.table["source"]) == {"tfds:tiny_shapes"}
    for path, label in zip(manifest.paths(manifest.table), manifest.table["label"], strict=True):
        with PIL.Image.open(path) as image:
            (color,) = image.convert("L").getcolors()
        assert (color[1] > 115) == (label == "bright")


def test_the_images_are_written_once(tmp_path, monkeypatch):
    first = importer.read("tfds:tiny_shapes", tmp_path / "to")
    monkeypatch.setattr(importer, "_prepared", lambda name: pytest.fail("asked again"))
    assert importer.read("tfds:tiny_shapes", tmp_path / "to").boxes_or_images.equals(first.boxes_or_images)


def test_an_unknown_name_gets_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="Did you mean tfds:cifar10"):
        importer.read("tfds:cifar_10", tmp_path / "to")


def test_what_cannot_be_downloaded_is_said_with_what_to_do(tmp_path):
    with pytest.raises(ConnectionError, match=r"nobody answers.*`tfds build from_the_net` prepares it"):
        importer.read("tfds:from_the_net", tmp_path / "to")
    assert not list(tmp_path.glob("*to*"))


def test_other_data_sets_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one class each: its examples hold left, right"):
        importer.read("tfds:two_images", tmp_path / "to")
    assert not list(tmp_path.glob("*to*"))
