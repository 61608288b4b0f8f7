"""datasets/to_tfds.py, run as a user runs it, on Beam's own runner."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX

ROOT = Path(__file__).parents[1]
TURNED = 6  # EXIF orientation: a quarter to the right


def to_tfds(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "datasets" / "to_tfds.py", *arguments],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300,
    )  # fmt: skip


def box(*edges: int) -> dict[str, int]:
    return dict(zip(BOX, edges, strict=True))


@pytest.fixture
def manifest(tmp_path) -> Path:
    """A JPEG, a turned JPEG, two boxes of a PNG, and a file that is no image; the first in the test split."""
    import pandas as pd

    cat, cup = Image.fromarray(skimage.data.chelsea()), Image.fromarray(skimage.data.coffee())
    cat.save(tmp_path / "cat.jpg")
    exif = Image.Exif()
    exif[0x0112] = TURNED
    cat.save(tmp_path / "turned.jpg", exif=exif)
    cup.save(tmp_path / "coffee.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    rows = pd.DataFrame(
        [
            {"image": "cat.jpg", "label": "cat", "split": "test"},
            {"image": "turned.jpg", "label": "cat", "split": "train", "group": "lying"},
            {"image": "coffee.png", "label": "cup", "split": "train", **box(180, 60, 430, 330)},
            {"image": "coffee.png", "label": "spoon", "split": "train", **box(330, 90, 510, 180)},
            {"image": "broken.jpg", "label": "cup", "split": "train"},
        ]
    )  # fmt: skip
    Manifest.from_records(rows, tmp_path).save(tmp_path / "kitchen.parquet")
    return tmp_path / "kitchen.parquet"


@pytest.mark.thorough
def test_a_manifest_becomes_a_data_set_with_upright_images_and_boxes_cut_out(manifest, tmp_path):
    import tensorflow_datasets as tfds

    run = to_tfds("kitchen.parquet", "--output", "prepared", cwd=tmp_path)
    assert run.returncode == 3, run.stderr  # one file cannot be used
    assert "broken.jpg is left out" in run.stderr
    assert "4 examples of 3 classes" in run.stdout
    builder = tfds.builder_from_directory(tmp_path / "prepared" / "kitchen" / "1.0.0")
    assert {split: facts.num_examples for split, facts in builder.info.splits.items()} == {"train": 3, "test": 1}
    names = builder.info.features["label"].names
    found = {
        (example["file_name"].decode(), names[example["label"]]): example
        for split in ("train", "test")
        for example in tfds.as_numpy(builder.as_dataset(split=split))
    }
    stored = np.asarray(Image.open(tmp_path / "turned.jpg"))  # by Pillow; TensorFlow's decoder differs by a few levels
    turned = found["turned.jpg", "cat"]
    assert turned["group"] == b"lying"
    assert np.abs(turned["image"].astype(int) - np.rot90(stored, -1)).mean() < 2
    coffee = skimage.data.coffee()
    np.testing.assert_array_equal(found["coffee.png", "cup"]["image"], coffee[60:330, 180:430])
    np.testing.assert_array_equal(found["coffee.png", "spoon"]["image"], coffee[90:180, 330:510])
    assert found["cat.jpg", "cat"]["image"].shape == skimage.data.chelsea().shape


def test_nothing_is_written_over_and_names_are_checked(manifest, tmp_path):
    (tmp_path / "prepared" / "kitchen" / "1.0.0").mkdir(parents=True)
    again = to_tfds("kitchen.parquet", "--output", "prepared", cwd=tmp_path)
    assert (again.returncode, "already" in again.stderr) == (2, True)
    named = to_tfds("kitchen.parquet", "--name", "My Kitchen", cwd=tmp_path)
    assert (named.returncode, "'My Kitchen'" in named.stderr) == (2, True)
