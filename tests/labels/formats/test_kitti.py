"""KITTI: https://www.cvlibs.net/datasets/kitti/eval_object.php; Datumaro wrote the files."""

from imgcls.labels import detect_format, read_labels

PLACE = "1.65 1.67 3.64 -0.65 1.71 46.70 -1.59"  # sizes, place in space and angle


def test_what_datumaro_wrote(files, look):
    assert detect_format(files / "kitti") == "kitti"
    records = read_labels(files / "kitti")
    assert look.boxes(records, image="train/image_2/a.png") == {"cat": [10, 5, 30, 35], "Guide dog": [40, 8, 56, 32]}
    assert look.boxes(records, image="val/image_2/b.png") == {"птица": [1, 2, 31, 42]}
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert look.flags(records, "occluded") == {"cat": True, "Guide dog": False, "птица": False}
    assert ["val/image_2/empty.png" in " ".join(reported) for reported in look.reported(records, "noted")] == [True]


def test_the_published_form(data_set, look):
    data_set.image("training/image_2/000001.png", "training/image_3/000001.png", "training/image_2/000002.png")
    data_set.write(
        "training/label_2/000001.txt",
        f"Truck 0.30 0 -1.57 5.5 1 60 40 {PLACE}\n"
        f"Car 0.00 3 1.85 10 10 20 20 {PLACE}\nDontCare -1 -1 -10 1 1 9 9 -1 -1 -1 -1000 -1000 -1000 -10\n",
    )
    path = data_set.write("training/label_2/000002.txt", f"DontCare -1 -1 -10 1 1 9 9 {PLACE}\n")
    data_set.write("readme.txt", "hello\n")
    records = read_labels(data_set.root)
    assert look.boxes(records, image="training/image_2/000001.png") == {
        "Truck": [5.5, 1, 60, 40],
        "Car": [10, 10, 20, 20],
    }
    assert ("training/image_2/000002.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"train"}
    assert look.flags(records, "truncated") == {"Truck": True, "Car": False, "": False}
    assert look.flags(records, "occluded") == {"Truck": False, "Car": False, "": False}
    assert len(look.reported(records, "noted")) == 4  # two files with DontCare, the readme, and the other camera
    assert not look.reported(records, "left out")
    assert look.labels(read_labels(path)) == [("image_2/000002.png", "")]


def test_lines_of_another_form_are_reported(data_set, look):
    data_set.image("image_2/a.png")
    data_set.write("label_2/a.txt", f"Car 0 0 0 1 1 9 9 {PLACE}\nCar 0 0\nCar 0 0 0 9 9 9 99 {PLACE}\n")
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"Car": [1, 1, 9, 9]}
    assert [line for _, line, _ in look.reported(records, "left out")] == ["2", "3"]
