import json

import pandas as pd
import pytest

from imgcls.labels import detect_format, read_labels


def test_columns_are_found_by_their_names(data_set, look):
    data_set.picture("Ж 1.png", "b.png")
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
    data_set.picture("a.png", "b.png")
    table = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["кот", "007"], "x_min": [None, 1.5]})
    getattr(table, writer)(data_set.root / f"t{suffix}", index=False)
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "кот")]
    (_, line, reason), *_ = look.told(records, "left out")
    assert (line, "'007' has coordinates" in reason) == ("3" if suffix == ".xlsx" else "2", True)


def test_sheets_that_are_not_read_are_told(data_set, look):
    data_set.picture("a.png")
    with pd.ExcelWriter(data_set.root / "t.xlsx") as book:
        for sheet, label in (("first", "cat"), ("second", "dog")):
            pd.DataFrame({"image": ["a.png"], "label": [label]}).to_excel(book, sheet_name=sheet, index=False)
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert look.told(records, "noted") == [("t.xlsx", "second", "only the first sheet is read, not this one.")]


def test_columns_with_other_names_can_be_named(data_set, look):
    data_set.picture("a.png")
    path = data_set.write("t.csv", "Aufnahme,Art\na.png,cat\n")
    with pytest.raises(ValueError, match=r"t\.csv has no column for image and label"):
        read_labels(path, "table")
    records = read_labels(path, "table", columns={"image": "Aufnahme", "label": "Art"})
    assert look.labels(records) == [("a.png", "cat")]


def test_what_is_amiss_is_told_with_its_line(data_set, look):
    data_set.picture("a.png")
    data_set.write("t.csv", 'image,label,split\na.png,"two\nlines",train\na.png\ngone.png,cat,\na.png,dog,trian\n')
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "dog"), ("a.png", "two\nlines")]
    assert [line for _, line, _ in look.told(records, "left out")] == ["4", "5"]
    assert [line for _, line, _ in look.told(records, "changed")] == ["6"]


def test_an_apostrophe_before_a_formula_is_taken_away(data_set, look):
    data_set.picture("a.png")
    data_set.write("t.csv", "image,label\na.png,'=1+2\na.png,'quoted'\na.png,''=x\n")
    assert {label for _, label in look.labels(read_labels(data_set.root))} == {"=1+2", "'quoted'", "'=x"}


def test_windows_paths_and_names_of_other_case(data_set, look):
    data_set.picture("in/A.png", "in/b.png", "in/B.png")
    data_set.write("t.csv", "image,label\nC:\\data\\in\\a.PNG,cat\nin\\b.png,dog\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("in/A.png", "cat"), ("in/b.png", "dog")]
    assert look.told(records, "changed")[0][1] == "2"
    assert look.told(records, "changed")[0][2] == "the picture is stated as 'a.PNG'; the file is 'A.png'."


def test_two_pictures_that_differ_only_by_case_are_told(data_set, look):
    data_set.picture("a.png", "A.png")
    data_set.write("t.csv", "image,label\na.png,cat\nA.png,dog\n")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("A.png", "dog"), ("a.png", "cat")]
    assert "A.png and a.png differ only by case" in look.told(records, "noted")[0][2]


def test_columns_that_are_not_read_are_told(data_set, look):
    data_set.picture("a.png")
    data_set.write("t.csv", "image,label,x,y\na.png,cat,3,4\n")
    assert look.told(read_labels(data_set.root), "noted") == [("t.csv", "1", "these columns are not read: x, y.")]


def test_a_broken_table_beside_a_good_one_is_told(data_set, look):
    data_set.picture("a.png")
    data_set.write("good.csv", "image,label\na.png,cat\n")
    data_set.write("broken.csv", b"image,label\n\xff,cat\n")
    data_set.write("broken.parquet", b"PAR1")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert [file for file, _, _ in look.told(records, "left out")] == ["broken.csv", "broken.parquet"]


def test_a_table_without_labels_is_refused(data_set):
    path = data_set.write("t.csv", "image,size\na.png,3\n")
    with pytest.raises(ValueError, match="no column for label"):
        read_labels(path, "table")


def test_attributes_that_are_no_object_are_told(data_set, look):
    data_set.picture("a.png", "b.png", "c.png")
    rows = ['a.png,cat,"{""size"": 3}"', "b.png,cat,large", "c.png,cat,[1]"]
    records = read_labels(data_set.write("t.csv", "\n".join(["image,label,attributes", *rows])))
    assert records.boxes_or_images["attributes"].tolist() == ['{"size": 3}', "", ""]
    assert [line for _, line, _ in look.told(records, "left out")] == ["3", "4"]


def test_columns_are_kept_on_wish(data_set):
    data_set.picture("a.png")
    path = data_set.write("t.csv", 'image,label,attributes,patient\na.png,cat,"{""size"": 3}",anna\n')
    assert json.loads(read_labels(path, keep=["patient"]).boxes_or_images["attributes"][0]) == {
        "size": 3,
        "patient": "anna",
    }
    with pytest.raises(ValueError, match=r"no column 'patiant'\. Did you mean 'patient'"):
        read_labels(path, keep=["patiant"])
