"""Lists of ImageNet's form; Datumaro wrote the files."""

import pytest

from imgcls.labels import detect_format, read_labels


def test_what_datumaro_wrote(files, look):
    assert detect_format(files / "imagenet_lists") == "imagenet_lists"
    records = read_labels(files / "imagenet_lists")
    assert look.labels(records) == [
        ("images/a.png", "cat"),
        ("images/b.png", "cat"),
        ("images/b.png", "птица"),
        ("images/two words.png", "Guide dog"),
    ]
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert records.problems.empty


@pytest.mark.parametrize(
    ("name", "text", "classes"),
    [
        ("classes.txt", "cat\ndog\n", ["cat", "dog"]),
        ("synsets.txt", "n01440764\nn02113186\n", ["Cardigan Welsh Corgi", "tench"]),
        ("synset_words.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius\n", ["goldfish", "tench"]),
        ("synset_words.txt", "n02012849 crane, bird\nn03126707 crane\n", ["crane (n02012849)", "crane (n03126707)"]),
    ],
)
def test_lists_of_names(data_set, name, text, classes):
    data_set.image("train/n1/a b.png", "val/ILSVRC2012_val_00000001.png")
    data_set.write(name, text)
    path = data_set.write("train.txt", "n1/a b.png 0\n")
    data_set.write("val.txt", "ILSVRC2012_val_00000001.png 1\n")
    records = read_labels(data_set.root)
    assert records.class_names == classes
    assert set(zip(records.boxes_or_images["image"], records.boxes_or_images["split"], strict=True)) == {
        ("train/n1/a b.png", "train"),
        ("val/ILSVRC2012_val_00000001.png", "validation"),
    }
    assert records.problems.empty
    assert len(read_labels(path).class_names) == 1


def test_numbers_without_names_are_the_names(data_set, look):
    data_set.image("a.png", "b.png")
    data_set.write("train.txt", "a.png 0\nb.png 10\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "0"), ("b.png", "10")]
    assert "there is no list of names" in look.reported(records, "noted")[0][2]


def test_a_list_that_is_called_as_names_are_is_a_list(data_set, look):
    data_set.image("a.png", "b.png")
    path = data_set.write("labels.txt", "a.png 0\nb.png 1\n")
    data_set.write("README.txt", "Two photos.\n")
    for source in (path, data_set.root):
        assert look.labels(read_labels(source)) == [("a.png", "0"), ("b.png", "1")]
    data_set.write("classes.txt", "cat\ndog\n")
    for source in (path, data_set.root):
        assert look.labels(read_labels(source)) == [("a.png", "cat"), ("b.png", "dog")]


def test_what_is_no_label_is_reported(data_set, look):
    data_set.image("a.png", "b.png", "c.png", "d.png")
    data_set.write("classes.txt", "cat\n\n")
    data_set.write("train.txt", "a.png 0\nb.png\nc.png 7\nfar.png 0\n\n")
    data_set.write("val.txt", "a.png 0\n")
    data_set.write("test.txt", "d.png -1\n")
    data_set.write("notes.txt", "hello\n")
    records = read_labels(data_set.root)
    assert set(look.labels(records)) == {("a.png", "cat"), ("d.png", "")}
    assert {line for _, line, _ in look.reported(records, "left out")} == {"2", "3", "4"}
    assert "'a.png' is in the split" in look.reported(records, "changed")[0][2]
    assert "notes.txt" in [file for file, _, _ in look.reported(records, "noted")]


def test_lists_of_paths_alone_are_another_form(data_set):
    data_set.image("a.png")
    data_set.write("train.txt", "a.png\n")
    with pytest.raises(ValueError, match="none of the formats"):
        detect_format(data_set.root)
