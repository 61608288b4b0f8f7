"""Validation images are read in the first epoch alone."""

import itertools

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.training.kept_batches import KeptBatches
from imgcls.training.training_data import TrainingData
from tests.conftest import SAMPLE


class Counted:
    """Batches that count their passes."""

    passes = 0

    def __iter__(self):
        self.passes += 1
        return iter("abc")


def test_only_a_whole_pass_is_kept():
    counted = Counted()
    batches = KeptBatches(counted)
    assert list(itertools.islice(batches, 1)) == ["a"]
    assert [list(batches) for _ in range(3)] == [["a", "b", "c"]] * 3
    assert counted.passes == 2


def test_validation_images_are_the_same_when_their_files_are_gone(tiny_run, tmp_path):
    manifest = Manifest.load(tiny_run.manifest_file)
    image = next((SAMPLE / "test" / "bag").iterdir()).read_bytes()
    table = manifest.table.copy()
    validation = table.index[table["split"] == "validation"]
    for number, row in enumerate(validation):
        (tmp_path / f"{number}.png").write_bytes(image)
        table.loc[row, "image"] = f"{number}.png"
    manifest = Manifest(table, tmp_path)
    stage = TrainingData(tiny_run.config, manifest, 8).of_pixels(Preprocessing(28, 28, 3), np.eye(3))
    first = list(stage.validation)
    for file in tmp_path.iterdir():
        file.unlink()
    again = list(stage.validation)
    assert sum(len(numbers) for numbers, _ in again) == len(validation)
    for batch, other in zip(first, again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(batch, other, strict=True))
