import shutil

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from skimage.data import astronaut

from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, evaluation_batches, training_batches
from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.prepared.load import load_prepared
from imgcls.data.prepared.preparation import Preparation
from imgcls.data.prepared.shards import prepare
from imgcls.data.sources.load import load_manifest
from imgcls.evaluation.pages.thumbnails import thumbnail

GRAY = Preprocessing(28, 28, channels=1)


@pytest.fixture(scope="module")
def manifest(small_data):
    return inspect(load_manifest(small_data))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two photos, one of them large and cut to a box, and a gray one."""
    root = tmp_path_factory.mktemp("photos")
    image = PIL.Image.fromarray(astronaut())
    image.save(root / "a.jpg", quality=95)
    image.resize((1500, 1500)).save(root / "b.jpg", quality=90)
    image.convert("L").resize((100, 90)).save(root / "c.png")
    box = {"x_min": 300, "y_min": 0, "x_max": 1300, "y_max": 600}
    rows = [{"image": name, "label": name, **(box if name == "b.jpg" else {})} for name in ("a.jpg", "b.jpg", "c.png")]
    return inspect(Manifest.from_records(pd.DataFrame(rows), root))


def pixels_of(manifest: Manifest, preprocessing: Preprocessing = GRAY) -> np.ndarray:
    paths, boxes = manifest.paths(manifest.usable), manifest.boxes(manifest.usable)
    batches = evaluation_batches(paths, preprocessing, boxes=boxes, batch_size=64)
    return np.concatenate([pixels for _, pixels in batches.as_numpy_iterator()])


@pytest.mark.parametrize("container", ["tfrecord", pytest.param("array_record", marks=pytest.mark.slow)])
@pytest.mark.thorough
def test_training_and_evaluation_see_the_same_pixels_as_from_the_files(manifest, tmp_path, container):
    prepared = prepare(manifest, tmp_path / "p", Preparation("pixels", container=container, images_per_shard=50))
    assert np.array_equal(pixels_of(prepared), pixels_of(manifest))
    options = BatchOptions(32, 0, augmentation=Augmentation(from_preset("light")))
    examples = [LabeledImages(each.paths(each.usable), np.zeros(150, int), 3) for each in (manifest, prepared)]
    seen = [next(iter(training_batches(each, GRAY, options, steps=2)))[1].numpy() for each in examples]
    assert np.array_equal(*seen)
    assert prepared.usable["label"].tolist() == manifest.usable["label"].tolist()
    assert prepared.usable["source"].tolist() == manifest.usable["image"].tolist()
    assert thumbnail(prepared.paths(prepared.usable)[0])


@pytest.mark.parametrize("kind", ["pixels", "jpeg"])
@pytest.mark.thorough
def test_large_images_are_shrunk_and_boxes_cut_out(photos, tmp_path, kind):
    prepared = prepare(photos, tmp_path / "p", Preparation(kind, side=128))
    assert prepared.usable[["width", "height"]].to_numpy().tolist() == [[128, 128], [213, 128], [100, 90]]
    assert prepared.boxes(prepared.usable) is None
    small = Preprocessing(64, 64)
    assert np.abs(pixels_of(prepared, small) - pixels_of(photos, small)).mean() < 2  # gray levels


@pytest.mark.thorough
def test_files_can_be_kept_as_they_are(photos, tmp_path):
    prepared = prepare(photos, tmp_path / "p", Preparation("as_they_are", side=0))
    small = Preprocessing(64, 64)
    assert np.array_equal(pixels_of(prepared, small), pixels_of(photos, small))
    assert read_encoded(prepared.paths(prepared.usable)[0]) == (photos.root / "a.jpg").read_bytes()


class Interrupted(Exception):
    pass


@pytest.mark.thorough
def test_an_interrupted_preparation_goes_on_and_mends_what_is_damaged(manifest, tmp_path, caplog):
    folder = tmp_path / "p"

    def stop(done: int) -> None:
        if done == 100:
            raise Interrupted

    how = Preparation("pixels", images_per_shard=50)
    with pytest.raises(Interrupted):
        prepare(manifest, folder, how, stop)
    with pytest.raises(ValueError, match=r"was interrupted. Run `python -m imgcls.prepare` with --output"):
        load_manifest(folder)
    first, second = (folder / f"shard-0000{i}.tfrecord" for i in (0, 1))
    written = first.stat().st_mtime_ns
    second.write_bytes(second.read_bytes()[:-100])
    prepared = prepare(manifest, folder, how)
    assert first.stat().st_mtime_ns == written
    (said,) = caplog.messages
    assert "shard-00001.tfrecord is truncated" in said
    assert np.array_equal(pixels_of(prepared), pixels_of(manifest))


def test_a_truncated_or_changed_shard_is_named(manifest, tmp_path):
    folder = tmp_path / "p"
    prepare(manifest, folder, Preparation("pixels", images_per_shard=50))
    moved = tmp_path / "moved"
    shutil.move(folder, moved)
    assert len(load_manifest(moved).usable) == 150
    shard = moved / "shard-00002.tfrecord"
    data = shard.read_bytes()
    shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"shard-00002.tfrecord has another checksum"):
        load_prepared(moved, thorough=True)
    shard.write_bytes(data[:500])
    with pytest.raises(ValueError, match=r"shard-00002.tfrecord is truncated: 500 of [\d,]+ bytes"):
        load_manifest(moved)
    shard.unlink()
    with pytest.raises(ValueError, match=r"shard-00002.tfrecord is missing"):
        load_manifest(moved)


def test_a_record_that_ends_early_is_left_out_and_named(manifest, tmp_path):
    prepared = prepare(manifest, tmp_path / "p", Preparation("pixels"))
    paths = prepared.paths(prepared.usable)
    shard = tmp_path / "p" / "shard-00000.tfrecord"
    copy = tmp_path / "cut.tfrecord"
    copy.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])
    cut = [copy / path.name for path in (paths[0], paths[-1])]
    whole, lost = read_images(cut, GRAY)
    assert whole.result.shape == (28, 28, 1)
    assert "truncated" in lost.problem
    ((_, _, _, weights),) = training_batches(LabeledImages(cut, [0, 1], 2), GRAY, BatchOptions(2, 0), steps=1)
    assert sorted(weights.numpy().tolist()) == [0, 2]


def test_other_images_and_other_files_are_not_overwritten(manifest, photos, tmp_path):
    prepare(photos, tmp_path / "p", Preparation("pixels", side=64))
    with pytest.raises(ValueError, match=r"was prepared from other images or in another way \(images, sha256 differ\)"):
        prepare(manifest, tmp_path / "p", Preparation("pixels", side=64))
    with pytest.raises(ValueError, match=r"\(side differ\)"):
        prepare(photos, tmp_path / "p", Preparation("pixels", side=32))
    with pytest.raises(ValueError, match="has other files in it"):
        prepare(photos, photos.root, Preparation("pixels"))


@pytest.mark.thorough
def test_damaged_descriptions_of_shards_are_sentences_or_are_mended(manifest, tmp_path, caplog):
    prepared = tmp_path / "p"
    prepare(manifest, prepared, Preparation("pixels", images_per_shard=100))
    (prepared / "shard-00000.json").write_text('{"name": "shard-0')
    prepare(manifest, prepared, Preparation("pixels", images_per_shard=100))
    (said,) = caplog.messages
    assert "is not described any more; it is written again" in said
    (prepared / "index.json").write_text('{"shards": [7]}')
    with pytest.raises(ValueError, match=r"index.json is damaged. Run `python -m imgcls.prepare`"):
        load_prepared(prepared)
    (prepared / "plan.json").write_bytes(b"\xff\x00")
    with pytest.raises(ValueError, match=r"plan.json is damaged. Choose another --output"):
        prepare(manifest, prepared, Preparation("pixels", images_per_shard=100))
