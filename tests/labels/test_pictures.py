import unicodedata

import pytest

from imgcls.labels import read_labels
from imgcls.labels.pictures import Pictures, upright_size


def test_a_name_in_two_folders_is_the_one_that_the_path_ends_like(data_set):
    data_set.picture("one/a.png", "two/a.png")
    pictures = Pictures(data_set.root)
    assert pictures.find("/home/anna/two/a.png") == ("two/a.png", "")
    path, reason = pictures.find("a.png")
    assert path == ""
    assert "any of 2 files" in reason
    assert pictures.find("a.png", beside="one") == ("one/a.png", "")
    assert pictures.find("../two/a.png", beside="one") == ("two/a.png", "")


def test_a_picture_in_another_folder_than_stated_is_told(data_set):
    data_set.picture("train/1.png", "set/images/2.png")
    pictures = Pictures(data_set.root)
    assert pictures.find("val/1.png") == (
        "train/1.png",
        "the picture is stated as 'val/1.png'; the file is 'train/1.png'",
    )
    assert pictures.find("/home/anna/train/1.png") == ("train/1.png", "")
    assert pictures.find("set/labels/2.png") == ("set/images/2.png", "")


def test_decomposed_and_composed_names_are_the_same(data_set):
    name = "Größe й.png"
    data_set.picture(unicodedata.normalize("NFD", name))
    path, reason = Pictures(data_set.root).find(unicodedata.normalize("NFC", name))
    assert unicodedata.normalize("NFC", path) == name
    assert reason == ""


@pytest.mark.parametrize("must_exist", [True, False])
@pytest.mark.parametrize("stated", ["../x.png", "a/../../x.png", "..\\x.png", "..", "C:..\\x.png"])
def test_a_path_never_leaves_the_root(data_set, stated, must_exist):
    data_set.write("../x.png", b"")
    assert Pictures(data_set.root, must_exist).find(stated)[0] == ""


def test_the_size_of_a_picture_too_large_to_decode_is_refused(data_set):
    head = b"P6\n99999 99999\n255\n"
    with pytest.raises(ValueError, match=r"bomb\.ppm cannot be read: .* above the limit"):
        upright_size(data_set.write("bomb.ppm", head))


def test_a_stem_in_another_folder_is_another_picture(data_set):
    data_set.picture("e/a/0000.jpg")
    data_set.write("e/b/0000", (data_set.root / "e/a/0000.jpg").read_bytes())
    pictures = Pictures(data_set.root)
    assert pictures.find("e/b/0000") == ("e/b/0000", "")
    assert pictures.find("e/c/0000")[0] == ""
    assert pictures.find("a/0000")[0] == "e/a/0000.jpg"


def test_a_picture_that_is_stated_itself_takes_no_labels_of_another_folder(data_set, look):
    data_set.picture("a/1.jpg")
    path = data_set.write("t.csv", "image,label\na/1.jpg,cat\nb/1.jpg,dog\nc/1.jpg,cow\n")
    records = read_labels(path)
    assert look.labels(records) == [("a/1.jpg", "cat")]
    assert [line for _, line, _ in look.told(records, "left out")] == ["3", "4"]
    path.write_text("image,label\nb/1.jpg,dog\nc/1.jpg,cow\n")
    assert look.labels(read_labels(path)) == []
    path.write_text("image,label\nb/1.jpg,dog\n")
    assert look.labels(read_labels(path)) == [("a/1.jpg", "dog")]


def test_each_picture_that_nothing_names_is_told(data_set, look):
    data_set.picture(*(f"{i}.png" for i in range(5)))
    records = read_labels(data_set.write("t.csv", "image,label\n0.png,cat\n"))
    assert [file for file, _, _ in look.told(records, "noted")] == [f"{i}.png" for i in range(1, 5)]
