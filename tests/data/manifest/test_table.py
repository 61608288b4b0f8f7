import pandas as pd
import pytest

from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import LATER, Manifest
from imgcls.data.sources.cards import load_card
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits


def manifest_of(counts: dict[str, int], split: str = "") -> Manifest:
    rows = [(f"{label}/{i}.jpg", label, split) for label, count in counts.items() for i in range(count)]
    return Manifest.from_records(pd.DataFrame(rows, columns=["image", "label", "split"]), "/nowhere")


def test_the_sample_has_what_its_card_says():
    manifest = load_manifest("fashion_mini")
    counts = manifest.counts()
    assert set(counts["train"]) == {200}
    assert set(counts["test"]) == {50}
    assert len(counts) == 10
    assert load_card("fashion_mini").licence == "MIT"


def test_the_inspection_finds_every_broken_file_and_no_other(small_data, tmp_path):
    source = small_data / "train" / "bag"
    folder = tmp_path / "bag"
    folder.mkdir()
    image = next(source.iterdir()).read_bytes()
    (folder / "good.png").write_bytes(image)
    (folder / "truncated.png").write_bytes(image[:200])
    (folder / "zero.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no image")
    (folder / "gone.jpg").symlink_to(tmp_path / "nothing")
    records = pd.DataFrame({"image": sorted(f"bag/{p.name}" for p in folder.iterdir()), "label": "bag", "split": ""})
    done = []
    manifest = inspect(Manifest.from_records(records, tmp_path), done.append)
    assert manifest.usable["image"].tolist() == ["bag/good.png"]
    assert manifest.usable[["width", "height", "grayscale", "format"]].to_numpy().tolist() == [[28, 28, True, "PNG"]]
    said = dict(manifest.problems.itertuples(index=False, name=None))
    assert said["bag/truncated.png"] == "a damaged or truncated PNG file (200 bytes)"
    assert said["bag/zero.jpg"] == "the file is empty (0 bytes)"
    assert "no image" in said["bag/text.jpg"]
    assert said["bag/gone.jpg"] == "no such file or directory"
    assert done == [1, 2, 3, 4, 5]


def test_a_manifest_comes_back_from_its_file(small_data, tmp_path):
    manifest = assign_splits(inspect(load_manifest(small_data)), 0.2, 0.2, seed=0)
    manifest.save(tmp_path / "manifest.parquet")
    loaded = Manifest.load(tmp_path / "manifest.parquet")
    pd.testing.assert_frame_equal(loaded.table, manifest.table)
    assert loaded.root == manifest.root
    assert load_manifest(tmp_path / "manifest.parquet").class_names == ["bag", "sneaker", "trouser"]


def test_a_manifest_of_before_images_were_measured_is_read_and_measured_when_audited(small_data, tmp_path):
    manifest = inspect(load_manifest(small_data))
    before = Manifest(manifest.table.drop(columns=list(LATER)), manifest.root)
    before.save(tmp_path / "manifest.parquet")
    loaded = Manifest.load(tmp_path / "manifest.parquet")
    assert loaded.table[list(LATER)].isna().all(axis=None)
    assert loaded.table.attrs == manifest.table.attrs
    again = inspect(loaded, again=True)
    pd.testing.assert_frame_equal(again.table[manifest.table.columns], manifest.table)


def test_a_file_that_is_no_manifest_is_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("no parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    for name in ("text", "other"):
        with pytest.raises(ValueError, match=f"{name}.parquet is no"):
            load_manifest(tmp_path / f"{name}.parquet")


def test_a_misspelt_card_gets_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'fashion_mini'"):
        load_manifest("fashion_mnii")


def test_splits_keep_the_shares_of_each_class():
    counts = assign_splits(manifest_of({"cat": 100, "dog": 20}), 0.1, 0.2, seed=0).counts()
    assert counts.loc["cat"].to_dict() == {"train": 72, "validation": 8, "test": 20}
    assert counts.loc["dog"].to_dict() == {"train": 14, "validation": 2, "test": 4}


def test_new_images_do_not_move_the_others():
    before = assign_splits(manifest_of({"cat": 100}), 0.2, 0.2, seed=0).table.set_index("image")["split"]
    after = assign_splits(manifest_of({"cat": 110}), 0.2, 0.2, seed=0).table.set_index("image")["split"]
    same = (before == after[before.index]).mean()
    assert same > 0.9
    other_seed = assign_splits(manifest_of({"cat": 100}), 0.2, 0.2, seed=1).table.set_index("image")["split"]
    assert (before == other_seed).mean() < 0.8


def test_a_test_split_that_exists_is_not_changed():
    table = pd.concat([manifest_of({"cat": 50}, "train").table, manifest_of({"dog": 5}, "test").table])
    divided = assign_splits(Manifest.from_records(table, "/nowhere"), 0.1, 0.1, seed=0)
    assert divided.counts().loc["dog"].to_dict() == {"train": 0, "validation": 0, "test": 5}


def test_too_few_images_are_named():
    with pytest.raises(ValueError, match="Class 'dog' has 2 images"):
        assign_splits(manifest_of({"cat": 50, "dog": 2}), 0.1, 0.1, seed=0)
