import json

import pandas as pd
import pytest

from imgcls.labels import detect_format, read_labels


def test_columns_are_found_by_their_names(data_set, look):
    data_set.image("Ж 1.png", "b.png")
    data_set.write(
        "t.csv", "\ufefffile_name;Class;xmin;ymin;xmax;ymax;set\nЖ 1.png;cat;1;2;30;40;valid\nb.png;NA;;;;;\n"
    )
    assert detect_format(data_set.root) == "table"
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [1, 2, 30, 40], "NA": None}
    assert set(records.boxes_or_images["split"]) == {"validation", ""}
    assert records.problems.empty


@pytest.mark.parametrize(("suffix", "writer"), [(".parquet", "to_parquet"), (".xlsx", "to_excel")])
def test_parquet_and_excel(data_set, suffix, writer, look):
    data_set.image("a.png", "b.png")
    table = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["кот", "007"], "x_min": [None, 1.5]})
    getattr(table, writer)(data_set.root / f"t{suffix}", index=False)
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "кот")]
    (_, line, reason), *_ = look.reported(records, "left out")
    assert (line, "'007' has coordinates" in reason) == ("3" if suffix == ".xlsx" else "2", True)


def test_sheets_that_are_not_read_are_reported(data_set, look):
    data_set.image("a.png")
    with pd.ExcelWriter(data_set.root / "t.xlsx") as book:
        for sheet, label in (("first", "cat"), ("second", "dog")):
            pd.DataFrame({"image": ["a.png"], "label": [label]}).to_excel(book, sheet_name=sheet, index=False)
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert look.reported(records, "noted") == [("t.xlsx", "second", "only the first sheet is read, not this one.")]


def test_columns_with_other_names_can_be_named(data_set, look):
    data_set.image("a.png")
    path = data_set.write("t.csv", "Aufnahme,Art\na.png,cat\n")
    with pytest.raises(ValueError, match=r"t\.csv has no column for image and label"):
        read_labels(path, "table")
    records = read_labels(path, "table", columns={"image": "Aufnahme", "label": "Art"})
    assert look.labels(records) == [("a.png", "cat")]


def test_what_is_amiss_is_reported_with_its_line(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", 'image,label,split\na.png,"two\nlines",train\na.png\ngone.png,cat,\na.png,dog,trian\n')
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "dog"), ("a.png", "two\nlines")]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["4", "5"]
    assert [line for _, line, _ in look.reported(records, "changed")] == ["6"]


def test_an_apostrophe_before_a_formula_is_taken_away(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", "image,label\na.png,'=1+2\na.png,'quoted'\na.png,''=x\n")
    assert {label for _, label in look.labels(read_labels(data_set.root))} == {"=1+2", "'quoted'", "'=x"}


def test_windows_paths_and_names_of_other_case(data_set, look):
    data_set.image("in/A.png", "in/b.png", "in/B.png")
    data_set.write("t.csv", "image,label\nC:\\data\\in\\a.PNG,cat\nin\\b.png,dog\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("in/A.png", "cat"), ("in/b.png", "dog")]
    assert look.reported(records, "changed")[0][1] == "2"
    assert look.reported(records, "changed")[0][2] == "the image is stated as 'a.PNG'; the file is 'A.png'."


def test_two_images_that_differ_only_by_case_are_reported(data_set, look):
    data_set.image("a.png", "A.png")
    data_set.write("t.csv", "image,label\na.png,cat\nA.png,dog\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("A.png", "dog"), ("a.png", "cat")]
    assert "A.png and a.png differ only by case" in look.reported(records, "noted")[0][2]


def test_columns_that_are_not_read_are_reported(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", "image,label,x,y\na.png,cat,3,4\n")
    assert look.reported(read_labels(data_set.root), "noted") == [("t.csv", "1", "these columns are not read: x, y.")]


def test_a_broken_table_beside_a_good_one_is_reported(data_set, look):
    data_set.image("a.png")
    data_set.write("good.csv", "image,label\na.png,cat\n")
    data_set.write("broken.csv", b"image,label\n\xff,cat\n")
    data_set.write("broken.parquet", b"PAR1")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert [file for file, _, _ in look.reported(records, "left out")] == ["broken.csv", "broken.parquet"]


def test_a_table_without_labels_is_refused(data_set):
    path = data_set.write("t.csv", "image,size\na.png,3\n")
    with pytest.raises(ValueError, match="no column for label"):
        read_labels(path, "table")


def test_attributes_that_are_no_object_are_reported(data_set, look):
    data_set.image("a.png", "b.png", "c.png")
    rows = ['a.png,cat,"{""size"": 3}"', "b.png,cat,large", "c.png,cat,[1]"]
    records = read_labels(data_set.write("t.csv", "\n".join(["image,label,attributes", *rows])))
    assert records.boxes_or_images["attributes"].tolist() == ['{"size": 3}', "", ""]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["3", "4"]


def test_columns_are_kept_on_wish(data_set):
    data_set.image("a.png")
    path = data_set.write("t.csv", 'image,label,attributes,patient\na.png,cat,"{""size"": 3}",anna\n')
    assert json.loads(read_labels(path, keep=["patient"]).boxes_or_images["attributes"][0]) == {
        "size": 3,
        "patient": "anna",
    }
    with pytest.raises(ValueError, match=r"no column 'patiant'\. Did you mean 'patient'"):
        read_labels(path, keep=["patiant"])


def csv(*rows: str) -> str:
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("header", ["id,breed", "image_id,label", "Image,Id", "image_name,category"])
def test_names_without_suffix_and_the_only_other_column(data_set, header, look):
    """As Kaggle's competitions have them."""
    data_set.image("train/0a1.jpg", "train/0b2.jpg", "train/0c3.jpg")
    data_set.write("train.csv", csv(header, "0a1,boxer", "0b2,pug", "0c3,boxer"))
    data_set.write("sample_submission.csv", csv(header, "0a1,pug", "0b2,pug"))
    assert detect_format(data_set.root) == "table"
    records = read_labels(data_set.root)
    assert look.labels(records) == [("train/0a1.jpg", "boxer"), ("train/0b2.jpg", "pug"), ("train/0c3.jpg", "boxer")]
    assert look.reported(records, "left out") == look.reported(records, "changed") == []
    assert {file for file, *_ in look.reported(records, "noted")} == {"train.csv", "sample_submission.csv"}


def test_a_column_for_each_class(data_set, look):
    """As the ISIC challenges have them."""
    data_set.image("images/ISIC_1.jpg", "images/ISIC_2.jpg", "images/ISIC_3.jpg", "images/ISIC_4.jpg")
    rows = ("ISIC_1,40,0.0,1.0", "ISIC_2,50,1.0,0.0", "ISIC_3,60,1.0,1.0", "ISIC_4,70,0.0,0.0")
    data_set.write("truth.csv", csv("image,age,MEL,NV", *rows))
    assert detect_format(data_set.root) == "table"
    records = read_labels(data_set.root, keep=["age"])
    assert [(image[-5], label) for image, label in look.labels(records)] == [
        ("1", "NV"), ("2", "MEL"), ("3", "MEL"), ("3", "NV"), ("4", "")
    ]  # fmt: skip
    assert json.loads(records.boxes_or_images["attributes"][0]) == {"age": "40"}
    assert any("read as a class: MEL, NV" in reason for *_, reason in look.reported(records, "noted"))


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_a_column_for_each_class_in_parquet_and_excel(data_set, suffix, look):
    data_set.image("a.png", "b.png")
    table = pd.DataFrame({"image": ["a.png", "b.png"], "cat": [1, 0], "dog": [0, 1]})
    getattr(table, {".parquet": "to_parquet", ".xlsx": "to_excel"}[suffix])(data_set.root / f"t{suffix}", index=False)
    assert detect_format(data_set.root) == "table"
    assert look.labels(read_labels(data_set.root)) == [("a.png", "cat"), ("b.png", "dog")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["a.png,cat", "b.png,dog"], {"a.png": ("cat", ""), "b.png": ("dog", "")}),
        (["cat;a.png", "dog;b.png"], {"a.png": ("cat", ""), "b.png": ("dog", "")}),
        (["a.png,0", "b.png,1"], {"a.png": ("0", ""), "b.png": ("1", "")}),
        (["TRAIN,a.png,cat", "UNASSIGNED,b.png,dog"], {"a.png": ("cat", "train"), "b.png": ("dog", "")}),
    ],
)
def test_a_table_without_a_header_loses_no_row(data_set, rows, expected, look):
    data_set.image("a.png", "b.png")
    data_set.write("t.csv", csv(*rows))
    assert detect_format(data_set.root) == "table"
    records = read_labels(data_set.root)
    table = records.boxes_or_images.set_index("image")
    assert {image: (row.label, row.split) for image, row in table.iterrows()} == expected
    assert [line for *_, line, reason in look.reported(records, "noted") if "no header" in reason] == ["1"]
    assert look.reported(records, "left out") == look.reported(records, "changed") == []


def test_corners_without_a_header(data_set, look):
    """As keras-retinanet has them."""
    data_set.image("a.png", "b.png")
    data_set.write("t.csv", csv("a.png,1,2,30,40,cat", "b.png,,,,,"))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [1, 2, 30, 40], "": None}
    data_set.write("t.csv", csv("cat,1,2,29,38,a.png,64,48", "dog,1,1,5,5,b.png,64,48"))  # Make Sense
    assert look.boxes(read_labels(data_set.root)) == {"cat": [1, 2, 30, 40], "dog": [1, 1, 6, 6]}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("x,y,w,h", "1,2,10,20"),
        ("x,y,width,height", "1,2,10,20"),
        ("xmin,ymin,width,height", "1,2,10,20"),
        ("bbox_x,bbox_y,bbox_w,bbox_h", "1,2,10,20"),
        ("left,top,box_width,box_height", "1,2,10,20"),
        ("x_center,y_center,width,height", "6,12,10,20"),
        ("x0,y0,x1,y1", "1,2,11,22"),
        ("xmin,ymin,xmax,ymax", "1,2,11,22"),
        ("bbox", '"[1, 2, 10.0, 20]"'),
        ("bbox", "1 2 10 20"),
        ("bbox_xyxy", '"(1, 2, 11, 22)"'),
    ],
)
def test_boxes_in_the_columns_that_people_write(data_set, header, cells, look):
    data_set.image("a.png", "b.png")
    nothing = "," * header.count(",")
    data_set.write("t.csv", csv(f"filename,class,{header}", f"a.png,cat,{cells}", f"b.png,dog,{nothing}"))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [1, 2, 11, 22], "dog": None}
    assert set(records.boxes_or_images["width"]) == {0}
    assert look.reported(records, "left out") == []


def test_the_width_of_the_image_is_not_that_of_the_box(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", csv("image,width,height,label,bbox", 'a.png,64,48,cat,"[1, 2, 10, 20]"'))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [1, 2, 11, 22]}
    assert look.only(records)["width"] == 64


def test_a_box_that_is_no_box_is_reported(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", csv("image,label,bbox", "a.png,cat,[1 2 3]", "a.png,dog,large", "a.png,cow,[0 0 9 9]"))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cow")]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["2", "3"]


def test_several_classes_in_one_cell(data_set, look):
    data_set.image("a.png", "b.png")
    data_set.write("t.csv", csv("Image Index,Finding Labels", "a.png,Edema|Mass", "b.png,No Finding"))
    assert look.labels(read_labels(data_set.root, "table", columns={"image": "Image Index"})) == [
        ("a.png", "Edema"), ("a.png", "Mass"), ("b.png", "No Finding")
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["big cat|dog", "\"['big cat', 'dog']\"", '"[""big cat"", dog]"'])
def test_a_list_of_classes_in_one_cell(data_set, cell, look):
    data_set.image("a.png")
    data_set.write("t.csv", csv("image,labels", f"a.png,{cell}"))
    assert look.labels(read_labels(data_set.root)) == [("a.png", "big cat"), ("a.png", "dog")]


def test_sentences_and_amounts_are_no_classes(data_set):
    data_set.image("a.png", "b.png")
    for content in (
        csv("image,caption", "a.png,A cat.", "b.png,A dog."),
        csv("file_name,text", "a.png,a cat that sits on a mat", "b.png,a dog"),
        csv("image,score", "a.png,0.5", "b.png,0.25"),
        csv("id,name", "1,cat", "2,dog"),
    ):
        data_set.write("t.csv", content)
        with pytest.raises(ValueError, match="none of the formats"):
            detect_format(data_set.root)
