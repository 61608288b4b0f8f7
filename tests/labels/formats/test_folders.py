import pytest

from imgcls.labels import read_labels
from imgcls.labels.formats.folders import read_folders
from imgcls.labels.records import Problems


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def rows(root) -> set[tuple[str, str, str]]:
    return set(read_folders(root).itertuples(index=False, name=None))


def test_a_folder_a_class(tmp_path):
    touch(tmp_path, "cat/1.jpg", "cat/more/2.jpg", "Größe mit Leerzeichen/3.png", "README.txt")
    assert rows(tmp_path) == {
        ("cat/1.jpg", "cat", ""),
        ("cat/more/2.jpg", "cat", ""),
        ("Größe mit Leerzeichen/3.png", "Größe mit Leerzeichen", ""),
    }


def test_splits_above_the_classes(tmp_path):
    touch(tmp_path, "Train/cat/1.jpg", "val/cat/2.jpg", "test/cat/3.jpg", "test/dog/4.jpg")
    assert {(image, split) for image, _, split in rows(tmp_path)} == {
        ("Train/cat/1.jpg", "train"),
        ("val/cat/2.jpg", "validation"),
        ("test/cat/3.jpg", "test"),
        ("test/dog/4.jpg", "test"),
    }


def test_a_class_may_be_called_train(tmp_path):
    touch(tmp_path, "train/1.jpg", "bus/2.jpg")
    assert {label for _, label, _ in rows(tmp_path)} == {"train", "bus"}


def test_what_file_managers_leave_is_no_image(tmp_path):
    touch(tmp_path, "cat/1.jpg", "cat/.DS_Store", "cat/Thumbs.db", ".git/config")
    assert rows(tmp_path) == {("cat/1.jpg", "cat", "")}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing at .*none"):
        read_folders(tmp_path / "none")


def test_an_empty_class_is_named(tmp_path):
    touch(tmp_path, "cat/1.jpg")
    (tmp_path / "dog").mkdir()
    with pytest.raises(ValueError, match=r"dog holds no images"):
        read_folders(tmp_path)


def test_test_without_train_is_refused(tmp_path):
    touch(tmp_path, "test/cat/1.jpg")
    with pytest.raises(ValueError, match="no train"):
        read_folders(tmp_path)


def test_images_without_class_folders_are_refused(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    with pytest.raises(ValueError, match="no folders in it"):
        read_folders(tmp_path)


def test_a_stray_folder_beside_the_splits_is_no_class(tmp_path):
    touch(tmp_path, "train/cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg", "test/dog/4.jpg")
    touch(tmp_path, "extra/5.jpg", "extra/deep/6.jpg", "notes/a.txt", "7.jpg", "train/8.jpg")
    problems = Problems()
    table = read_folders(tmp_path, problems)
    assert set(table.itertuples(index=False, name=None)) == {
        ("train/cat/1.jpg", "cat", "train"),
        ("train/dog/2.jpg", "dog", "train"),
        ("val/cat/3.jpg", "cat", "validation"),
        ("test/dog/4.jpg", "dog", "test"),
    }
    reported = problems.table()
    assert sorted(reported.loc[reported["effect"] == "left out", "file"]) == [
        "7.jpg", "extra/5.jpg", "extra/deep/6.jpg", "train/8.jpg"
    ]  # fmt: skip
    assert reported.loc[reported["effect"] == "noted", "file"].tolist() == ["notes/a.txt"]


def test_a_class_that_is_called_train_may_have_folders(tmp_path):
    touch(tmp_path, "train/steam/1.jpg", "bus/2.jpg")
    assert {label for _, label, _ in rows(tmp_path)} == {"train", "bus"}
    (tmp_path / "bus" / "2.jpg").rename(tmp_path / "bus" / "2.txt")  # now nothing beside train holds images
    assert rows(tmp_path) == {("train/steam/1.jpg", "steam", "train")}


@pytest.mark.parametrize(
    "names",
    [
        ("images/1.jpg", "images/2.jpg"),
        ("JPEGImages/1.jpg", "labels/1.txt"),
        ("train/images/1.jpg", "train/labels/1.txt", "valid/images/2.jpg", "valid/labels/2.txt"),
        ("annotations/a.json", "train2017/1.jpg", "val2017/2.jpg"),
        ("train/1.jpg", "test/2.jpg"),
    ],
)
def test_folders_that_are_named_like_no_class_are_refused(tmp_path, names):
    touch(tmp_path, *names)
    with pytest.raises(ValueError, match="no folder that is named like a class"):
        read_folders(tmp_path)


def test_class_folders_inside_a_folder_of_images_are_pointed_at(tmp_path):
    touch(tmp_path, "images/cat/1.jpg", "images/dog/1.jpg")
    with pytest.raises(ValueError, match=rf"Did you mean {tmp_path}/images"):
        read_folders(tmp_path)


def test_each_class_keeps_its_own_images_with_and_without_suffix(tmp_path):
    """Files of one stem in several classes, some without a suffix, are as many images."""
    root = tmp_path / "e"
    for label in ("a", "b", "c"):
        for number in range(4):
            path = root / label / (f"{number:04d}" if label == "b" else f"{number:04d}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\xff\xd8\xff\xe0 as a JPEG begins")
    touch(root, "b/notes")
    records = read_labels(root, "folders")
    table = records.boxes_or_images
    assert sorted(table["image"]) == sorted(p.relative_to(root).as_posix() for p in root.rglob("0*"))
    assert (table["image"].str[0] == table["label"]).all()
    assert records.problems[["file", "effect"]].values.tolist() == [["b/notes", "left out"]]
