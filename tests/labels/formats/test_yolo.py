"""YOLO text: https://docs.ultralytics.com/datasets/detect/"""

import pytest

from imgcls.labels import detect_format, read_labels


def test_what_labelimg_wrote(files, look):
    assert detect_format(files / "labelimg_yolo") == "yolo"
    records = read_labels(files / "labelimg_yolo")
    boxes = look.boxes(records, image="фото 1.png")
    assert boxes == {"кот рыжий": [1, 1, 30, 40], "dog": [10, 12, 64, 48]}
    assert ("empty.png", "") in look.labels(records)
    assert records.problems.empty


def test_a_data_set_with_a_card(data_set, look):
    data_set.image("train/images/a.png", "valid/images/b.png", "valid/images/bare.png")
    data_set.write("data.yaml", "train: ../train/images\nval: ../valid/images\nnames: {0: cat, 2: 'Größe 1'}\n")
    data_set.write("train/labels/a.txt", "2 0.5 0.5 0.5 0.5\n")
    data_set.write("valid/labels/b.txt", "0 0.1 0.1 0.9 0.1 0.5 0.9\n1 0.5 0.5 0.1 0.1\n")
    assert detect_format(data_set.root) == "yolo"
    records = read_labels(data_set.root)
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/images/a.png", "Größe 1", "train"),
        ("valid/images/b.png", "cat", "validation"),
        ("valid/images/bare.png", "", "validation"),
    }
    assert look.boxes(records, label="cat") == {"cat": [6.4, 4.8, 57.6, 43.2]}
    assert (
        look.reported(records, "left out")
        == [("valid/labels/b.txt", "2", "class 1 is beyond the class list, which has 3 names; left out.")]
        or "class 1 has no name" in look.reported(records, "left out")[0][2]
    )


def test_a_class_list_that_is_too_short_loses_no_label_in_silence(data_set, look):
    data_set.image("a.png")
    data_set.write("classes.txt", "cat\n")
    data_set.write(
        "a.txt", "0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n-1 0.5 0.5 0.2 0.2\n0 x 0.5 0.2 0.2\n0\n0 nan nan nan nan\n"
    )
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["2", "3", "4", "5", "6"]


def test_an_image_that_lost_all_its_labels_is_not_taken_for_one_without(data_set, look):
    data_set.image("a.png", "b.png", "c.png")
    data_set.write("classes.txt", "cat\n")
    data_set.write("a.txt", "5 0.5 0.5 0.2 0.2\n")
    data_set.write("c.txt", "0 0.5 0.5 0 0\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("b.png", "")]
    assert ("a.png", "") in {(file, line) for file, line, _ in look.reported(records, "noted")}


def test_two_lists_that_differ_are_refused(data_set):
    data_set.image("a.png")
    data_set.write("classes.txt", "cat\ndog\n")
    data_set.write("data.yaml", "names: [dog, cat]\n")
    data_set.write("a.txt", "0 0.5 0.5 0.2 0.2\n")
    with pytest.raises(ValueError, match="either"):
        read_labels(data_set.root)


def test_a_turned_photo_is_measured_as_it_is_shown(data_set, look):
    import PIL.Image

    image = PIL.Image.new("RGB", (64, 48))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    image.save(data_set.root / "a.jpg", exif=exif)
    data_set.write("classes.txt", "cat\n")
    data_set.write("a.txt", "0 0.5 0.5 0.5 0.5\n")
    assert look.boxes(read_labels(data_set.root)) == {"cat": [12, 16, 36, 48]}


def test_labels_of_a_missing_or_broken_image_are_counted(data_set, look):
    data_set.write("classes.txt", "cat\n")
    data_set.write("gone.txt", "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n")
    data_set.write("broken.txt", "0 0.5 0.5 0.2 0.2\n")
    data_set.write("broken.png", b"\x89PNG\r\n")
    reasons = {file: reason for file, _, reason in look.reported(read_labels(data_set.root), "left out")}
    assert "2 labels left out" in reasons["gone.txt"]
    assert "broken.png cannot be read: a damaged or truncated PNG" in reasons["broken.txt"]


def test_text_that_is_not_utf8_is_reported_with_its_line(data_set, look):
    data_set.image("a.png")
    data_set.write("classes.txt", "cat\n".encode("utf-16"))
    data_set.write("a.txt", b"0 0.5 0.5 0.2 0.2\n\xff\xfe\n")
    (_, _, reason), *_ = look.reported(read_labels(data_set.root), "left out")
    assert "line 2" in reason


def test_a_class_list_in_another_encoding_is_refused(data_set):
    data_set.image("a.png")
    data_set.write("classes.txt", "кот\n".encode("cp1251"))
    data_set.write("a.txt", "0 0.5 0.5 0.2 0.2\n")
    with pytest.raises(ValueError, match="Save it as UTF-8"):
        read_labels(data_set.root)


def splits(records) -> dict[str, str]:
    return dict(zip(records.boxes_or_images["image"], records.boxes_or_images["split"], strict=True))


def write_splits(data_set, card: str) -> None:
    for split, name in (("train", "a"), ("valid", "b"), ("test", "c")):
        data_set.image(f"{split}/images/{name}.png")
        data_set.write(f"{split}/labels/{name}.txt", "0 0.5 0.5 0.5 0.5\n")
    data_set.write("data.yaml", card + "names: [cat]\n")


def test_a_split_whose_path_does_not_exist_is_reported_and_not_lost(data_set, look):
    write_splits(data_set, "train: train/images\nval: nowhere/images\ntest: test/images\n")
    records = read_labels(data_set.root)
    assert splits(records) == {
        "train/images/a.png": "train",
        "valid/images/b.png": "validation",
        "test/images/c.png": "test",
    }
    (file, line, reason) = look.reported(records, "changed")[0]
    assert (file, line) == ("data.yaml", "val")
    assert "there is no 'nowhere/images'" in reason


@pytest.mark.parametrize(
    "card",
    [
        "train: /mnt/fruit/train/images\nval: /mnt/fruit/valid/images\ntest: /mnt/fruit/test/images\n",
        "path: ../datasets/fruit\ntrain: train/images\nval: valid/images\ntest: test/images\n",
        "path: /content/fruit\ntrain: ./train\nval: ./valid\ntest: ./test\n",
        "train: [../train/images]\nval: ../valid/images\ntest: ../test/images\n",
    ],
)
def test_a_card_written_elsewhere_gives_its_splits(data_set, card):
    write_splits(data_set, card)
    records = read_labels(data_set.root)
    assert splits(records) == {
        "train/images/a.png": "train",
        "valid/images/b.png": "validation",
        "test/images/c.png": "test",
    }
    assert records.problems.empty


def test_lists_of_images_that_were_written_elsewhere_give_the_splits(data_set, look):
    write_splits(data_set, "train: lists/train.txt\nval: lists/val.txt\n")
    data_set.write("lists/train.txt", "/home/anna/fruit/train/images/a.png\n./test/images/c.png\n")
    data_set.write("lists/val.txt", "valid/images/b.png\nvalid/images/gone.png\n")
    records = read_labels(data_set.root)
    assert splits(records) == {
        "train/images/a.png": "train",
        "test/images/c.png": "train",
        "valid/images/b.png": "validation",
    }
    assert [(file, line) for file, line, _ in look.reported(records, "left out")] == [("lists/val.txt", "2")]


def test_one_folder_is_not_two_splits(data_set, look):
    data_set.image("images/train/a.png")
    data_set.write("labels/train/a.txt", "0 0.5 0.5 0.5 0.5\n")
    data_set.write("data.yaml", "train: images/train\nval: images/train\ntest: gone/images\nnames: [cat]\n")
    records = read_labels(data_set.root)
    assert splits(records) == {"images/train/a.png": "train"}
    assert [line for _, line, _ in look.reported(records, "changed")] == ["val", "test"]
