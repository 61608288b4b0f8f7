import unicodedata

import pytest

from imgcls.labels import read_labels
from imgcls.labels.image_index import ImageIndex, upright_size


def test_a_name_in_two_folders_is_the_one_that_the_path_ends_like(data_set):
    data_set.image("one/a.png", "two/a.png")
    image_index = ImageIndex(data_set.root)
    assert image_index.find("/home/anna/two/a.png") == ("two/a.png", "")
    path, reason = image_index.find("a.png")
    assert path == ""
    assert "any of 2 files" in reason
    assert image_index.find("a.png", beside="one") == ("one/a.png", "")
    assert image_index.find("../two/a.png", beside="one") == ("two/a.png", "")


def test_an_image_in_another_folder_than_stated_is_reported(data_set):
    data_set.image("train/1.png", "set/images/2.png")
    image_index = ImageIndex(data_set.root)
    assert image_index.find("val/1.png") == (
        "train/1.png",
        "the image is stated as 'val/1.png'; the file is 'train/1.png'",
    )
    assert image_index.find("/home/anna/train/1.png") == ("train/1.png", "")
    assert image_index.find("set/labels/2.png") == ("set/images/2.png", "")


def test_decomposed_and_composed_names_are_the_same(data_set):
    name = "Größe й.png"
    data_set.image(unicodedata.normalize("NFD", name))
    path, reason = ImageIndex(data_set.root).find(unicodedata.normalize("NFC", name))
    assert unicodedata.normalize("NFC", path) == name
    assert reason == ""


@pytest.mark.parametrize("must_exist", [True, False])
@pytest.mark.parametrize("stated", ["../x.png", "a/../../x.png", "..\\x.png", "..", "C:..\\x.png"])
def test_a_path_never_leaves_the_root(data_set, stated, must_exist):
    data_set.write("../x.png", b"")
    assert ImageIndex(data_set.root, must_exist).find(stated)[0] == ""


def test_the_size_of_an_image_too_large_to_decode_is_refused(data_set):
    head = b"P6\n99999 99999\n255\n"
    with pytest.raises(ValueError, match=r"bomb\.ppm cannot be read: .* above the limit"):
        upright_size(data_set.write("bomb.ppm", head))


def test_a_stem_in_another_folder_is_another_image(data_set):
    data_set.image("e/a/0000.jpg")
    data_set.write("e/b/0000", (data_set.root / "e/a/0000.jpg").read_bytes())
    image_index = ImageIndex(data_set.root)
    assert image_index.find("e/b/0000") == ("e/b/0000", "")
    assert image_index.find("e/c/0000")[0] == ""
    assert image_index.find("a/0000")[0] == "e/a/0000.jpg"


def test_an_image_that_is_stated_itself_takes_no_labels_of_another_folder(data_set, look):
    data_set.image("a/1.jpg")
    path = data_set.write("t.csv", "image,label\na/1.jpg,cat\nb/1.jpg,dog\nc/1.jpg,cow\n")
    records = read_labels(path)
    assert look.labels(records) == [("a/1.jpg", "cat")]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["3", "4"]
    path.write_text("image,label\nb/1.jpg,dog\nc/1.jpg,cow\n")
    assert look.labels(read_labels(path)) == []
    path.write_text("image,label\nb/1.jpg,dog\n")
    assert look.labels(read_labels(path)) == [("a/1.jpg", "dog")]


def test_each_image_that_nothing_names_is_reported(data_set, look):
    data_set.image(*(f"{i}.png" for i in range(5)))
    records = read_labels(data_set.write("t.csv", "image,label\n0.png,cat\n"))
    assert [file for file, _, _ in look.reported(records, "noted")] == [f"{i}.png" for i in range(1, 5)]
