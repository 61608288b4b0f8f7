import logging
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage.data import astronaut

from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.batches import pixel_cache
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, training_batches
from imgcls.data.batches.pixel_cache import CachedImages, cached
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest

SMALL = Preprocessing(32, 32)


@pytest.fixture
def manifest(small_data, tmp_path, monkeypatch):
    """Gray drawings, a photo, and a photo that is large enough to be decoded at a part of its resolution."""
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))
    for name in ("bag", "sneaker"):
        shutil.copytree(small_data / "train" / name, tmp_path / "data" / name)
    photo = Image.fromarray(astronaut())
    photo.resize((90, 60)).save(tmp_path / "data" / "bag" / "photo.jpg")
    photo.save(tmp_path / "data" / "sneaker" / "large.jpg")
    return inspect(load_manifest(tmp_path / "data"))


def epochs(images, boxes=None) -> list[np.ndarray]:
    """Pixels of two epochs."""
    dataset = training_batches(
        LabeledImages(images, np.zeros(len(images), int), 2, boxes),
        SMALL,
        BatchOptions(len(images), 0, augmentation=Augmentation(from_preset("light"))),
        steps=2,
    )
    return [pixels.numpy() for _, pixels, _, _ in dataset]


@pytest.mark.parametrize("where", ["memory", pytest.param("disk", marks=pytest.mark.slow)])
@pytest.mark.thorough
def test_the_cache_changes_no_pixel_and_asks_for_no_file_twice(manifest, tmp_path, where):
    rows = manifest.usable
    plain = epochs(manifest.paths(rows))
    images = cached(manifest, rows, SMALL, where)
    assert all(map(np.array_equal, epochs(images), plain))
    large = rows["image"].str.endswith("large.jpg").to_numpy()
    assert images._kept.tolist() == (~large).tolist()
    (tmp_path / "data").rename(tmp_path / "away")
    for again, before in zip(epochs(images), plain, strict=True):
        assert np.isin(before.sum(axis=(1, 2, 3)), again.sum(axis=(1, 2, 3))).sum() == len(rows) - 1
    assert not list((tmp_path / "cache").glob("pixels/*"))


def test_the_disk_holds_what_memory_holds(manifest):
    in_memory, on_disk = (cached(manifest, manifest.usable, SMALL, where) for where in ("memory", "disk"))
    for images in (in_memory, on_disk):
        for number, path in enumerate(manifest.paths(manifest.usable)):
            pixels = np.asarray(Image.open(path).convert("RGB"))
            images._store(number, pixels, (0, 0, *pixels.shape[:2]))
    assert isinstance(on_disk._pixels, np.memmap)
    assert np.array_equal(on_disk._pixels, in_memory._pixels)
    assert np.array_equal(on_disk._kept, in_memory._kept)
    assert on_disk._kept.sum() == len(on_disk) - 1


@pytest.mark.thorough
def test_an_image_with_several_boxes_is_kept_once(tmp_path):
    Image.fromarray(astronaut()[:80, :80]).save(tmp_path / "a.png")
    records = {"image": ["a.png"] * 2, "label": ["eye", "hair"], "x_min": [0, 40], "y_min": [0, 0],
               "x_max": [40, 80], "y_max": [80, 50]}  # fmt: skip
    manifest = inspect(Manifest.from_records(pd.DataFrame(records), tmp_path))
    images, boxes = cached(manifest, manifest.usable, SMALL, "memory"), manifest.boxes(manifest.usable)
    assert all(map(np.array_equal, epochs(images, boxes), epochs(manifest.paths(manifest.usable), boxes)))
    assert images._kept.tolist() == [True]


@pytest.mark.thorough
def test_an_image_that_changed_since_the_inspection_is_read_as_it_is(manifest, tmp_path):
    rows = manifest.usable
    Image.fromarray(astronaut()).resize((70, 50)).save(tmp_path / "data" / "bag" / "photo.jpg")
    assert all(map(np.array_equal, epochs(cached(manifest, rows, SMALL, "memory")), epochs(manifest.paths(rows))))


def test_auto_takes_memory_then_disk_then_nothing(manifest, monkeypatch, caplog):
    rows = manifest.usable
    caplog.set_level(logging.INFO, "imgcls")
    assert not isinstance(cached(manifest, rows, SMALL, "auto"), CachedImages)  # too small to gain by it
    monkeypatch.setattr(pixel_cache, "WORTH_KEEPING", 0)
    size = int(pixel_cache._shapes(rows, SMALL).prod(axis=1).sum())
    assert isinstance(cached(manifest, rows, SMALL, "auto"), CachedImages)
    assert caplog.messages == []
    monkeypatch.setattr(pixel_cache, "free_memory", lambda: 4 * size - 1)
    assert isinstance(cached(manifest, rows, SMALL, "auto")._pixels, np.memmap)
    assert "kept on disk" in caplog.messages[0]
    monkeypatch.setattr(pixel_cache, "SHARE", 0.0)
    assert not isinstance(cached(manifest, rows, SMALL, "auto"), CachedImages)
    assert "Every image is decoded in each epoch" in caplog.messages[1]


def test_a_place_without_room_is_refused(manifest, monkeypatch):
    monkeypatch.setattr(pixel_cache, "free_memory", lambda: 1000)
    with pytest.raises(ValueError, match=r"--cache memory: the images take 0.00 GB as pixels, and 0.00 GB are free"):
        cached(manifest, manifest.usable, SMALL, "memory")
