"""Pascal VOC: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/"""

import pytest

from imgcls.labels import detect_format, read_labels


def annotation(filename="a.png", objects="", database="Unknown") -> str:
    return (
        f"<annotation><folder>x</folder><filename>{filename}</filename><source><database>{database}</database></source>"
        f"<size><width>64</width><height>48</height><depth>3</depth></size>\n{objects}</annotation>"
    )


def thing(name="cat", box=(1, 2, 30, 40), more="") -> str:
    x_min, y_min, x_max, y_max = box
    return (
        f"<object><name>{name}</name>{more}<bndbox><xmin>{x_min}</xmin><ymin>{y_min}</ymin>"
        f"<xmax>{x_max}</xmax><ymax>{y_max}</ymax></bndbox></object>\n"
    )


def test_what_labelimg_wrote(files, look):
    assert detect_format(files / "labelimg_voc") == "voc"
    records = read_labels(files / "labelimg_voc")
    assert look.labels(records) == [("empty.png", ""), ("фото 1.png", "dog"), ("фото 1.png", "кот рыжий")]
    assert look.boxes(records, image="фото 1.png") == {"кот рыжий": [1, 1, 30, 40], "dog": [10, 12, 64, 48]}
    assert look.flags(records, "difficult") == {"": False, "кот рыжий": False, "dog": True}
    assert records.problems.empty


def test_a_name_without_its_suffix_is_found_and_reported(data_set, look):
    data_set.image("a.png")
    data_set.write("a.xml", annotation("a", thing()))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert look.reported(records, "changed") == [("a.xml", "2", "the image is stated as 'a'; the file is 'a.png'.")]


def test_boxes_without_area_outside_or_swapped_are_reported_with_their_line(data_set, look):
    data_set.image("a.png")
    faults = thing("flat", (5, 5, 5, 20)) + thing("away", (70, 5, 90, 20)) + thing("turned", (30, 40, 10, 20))
    faults += thing("large", (-5, 0, 99, 48)) + thing("odd", ("x", 0, 9, 9)) + thing("nan", ("nan", 0, 9, 9))
    data_set.write("a.xml", annotation(objects=faults))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"turned": [10, 20, 30, 40], "large": [0, 0, 64, 48]}
    left_out = {line: reason.split()[3] for _, line, reason in look.reported(records, "left out")}
    assert left_out == {"2": "'flat'", "3": "'away'", "6": "'odd'", "7": "'nan'"}
    assert {line for _, line, _ in look.reported(records, "changed")} == {"4", "5"}


def test_a_folder_of_the_challenge_counts_pixels_from_one(data_set, look):
    data_set.image("JPEGImages/2007_1.jpg")
    data_set.write("Annotations/2007_1.xml", annotation("2007_1.jpg", thing(), "The VOC2007 Database"))
    assert look.boxes(read_labels(data_set.root)) == {"cat": [0, 1, 30, 40]}


def test_lists_give_splits_and_the_labels_of_whole_images(data_set, look):
    data_set.image("JPEGImages/1.jpg", "JPEGImages/2.jpg", "JPEGImages/3.jpg", "JPEGImages/4.jpg")
    data_set.write("Annotations/1.xml", annotation("1.jpg", thing("cat")))
    data_set.write("Annotations/2.xml", annotation("2.jpg"))
    data_set.write("ImageSets/Main/train.txt", "1\n2\n")
    data_set.write("ImageSets/Main/val.txt", "3\n4\n2\n")
    data_set.write("ImageSets/Main/cat_train.txt", "1  1\n2 -1\n")
    data_set.write("ImageSets/Main/dog_trainval.txt", "1 -1\n2  1\n3  0\n4  9\n")
    records = read_labels(data_set.root)
    rows = records.boxes_or_images
    assert set(zip(rows["image"].str[-5:], rows["label"], rows["split"], rows["difficult"], strict=True)) == {
        ("1.jpg", "cat", "train", False),
        ("2.jpg", "dog", "train", False),
        ("3.jpg", "dog", "validation", True),
        ("4.jpg", "", "validation", False),
    }
    assert look.reported(records, "changed")[0][:2] == ("ImageSets/Main/val.txt", "3")
    assert look.reported(records, "left out") == [
        ("ImageSets/Main/dog_trainval.txt", "4", "expected 1, -1 or 0 for '4', got '9'.")
    ]


def test_images_of_one_name_are_reported_apart_by_their_folders(data_set, look):
    data_set.image("JPEGImages/a/1.jpg", "JPEGImages/b/1.jpg")
    data_set.write("Annotations/a/1.xml", annotation("1.jpg", thing("cat")))
    data_set.write("Annotations/b/1.xml", annotation("1.jpg", thing("dog")))
    assert look.labels(read_labels(data_set.root)) == [("JPEGImages/a/1.jpg", "cat"), ("JPEGImages/b/1.jpg", "dog")]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><annotation>&y;<filename/></annotation>'
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, "<annotation><filename>", "<annotation>\n</other>", "", "\0\1"])
def test_a_hostile_or_broken_file_is_reported_and_the_others_are_read(data_set, content, look):
    data_set.image("a.png")
    data_set.write("good.xml", annotation("a.png", thing()))
    data_set.write("bad.xml", content)
    records = read_labels(data_set.root, "voc")
    assert look.labels(records) == [("a.png", "cat")]
    assert look.reported(records, "left out")[0][0] == "bad.xml"


def test_endless_nesting_does_no_harm(data_set, look):
    data_set.image("a.png")
    data_set.write(
        "deep.xml", "<annotation>" + "<a>" * 10_000 + "</a>" * 10_000 + "<filename>a.png</filename></annotation>"
    )
    assert look.labels(read_labels(data_set.root, "voc")) == [("a.png", "")]


def test_drawings_beside_the_images_are_not_taken_for_them(data_set, look):
    for name in ("1", "2"):
        data_set.image(f"JPEGImages/{name}.jpg", f"AnnotationsVisualization/{name}.jpg")
        data_set.image(f"SegmentationClass/{name}.png", f"SegmentationClassVisualization/{name}.jpg")
    data_set.write("Annotations/1.xml", annotation("1.jpg", thing("cat")))
    data_set.write("Annotations/2.xml", annotation("2", thing("dog")))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("JPEGImages/1.jpg", "cat"), ("JPEGImages/2.jpg", "dog")]
    assert len(look.reported(records, "noted")) == 6
    assert look.reported(records, "left out") == []
