import pytest

from imgcls.labels.folders import read_folders


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
