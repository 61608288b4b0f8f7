"""Mechanical Turk: https://docs.aws.amazon.com/AWSMechTurk/latest/AWSMturkAPI/API_AssignmentDataStructureArticle.html"""

import json

import pytest

from imgcls.labels import detect_format, read_labels

HEAD = "HITId,AssignmentId,WorkerId,AssignmentStatus,Input.image_url,Input.golden,"


def test_every_answer_is_a_row_and_rejected_ones_are_reported(data_set, look):
    data_set.image("a.jpg", "b.jpg")
    rows = [
        "h,1,anna,Approved,https://example.org/x/a.jpg,,cat",
        "h,2,boris,Submitted,https://example.org/x/a.jpg,,dog",
        "h,3,carl,Rejected,https://example.org/x/a.jpg,,dog",
        "h,4,anna,Approved,b.jpg,cat,",
        "h,5,boris,Approved,b.jpg,cat,dog",
    ]
    data_set.write("batch.csv", "\n".join([f"{HEAD}Answer.category.label", *rows]))
    assert detect_format(data_set.root) == "mturk"
    records = read_labels(data_set.root)
    found = records.boxes_or_images
    assert set(zip(found["image"], found["label"], found["annotator"], strict=True)) == {
        ("a.jpg", "cat", "anna"),
        ("a.jpg", "dog", "boris"),
        ("b.jpg", "dog", "boris"),
    }
    assert json.loads(found.set_index("image").loc["b.jpg", "attributes"]) == {"golden": "cat"}
    assert [(line, "rejected" in reason) for _, line, reason in look.reported(records, "left out")] == [
        ("4", True),
        ("5", False),
    ]


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("Answer.cat.on,Answer.dog.on", "false,true"),
        ("Answer.kind.cat,Answer.kind.dog", "false,true"),
        ("Answer.taskAnswers", '"[{""category"":{""label"":""dog""}}]"'),
        ("Answer.taskAnswers", '"[{""kind"":{""cat"":false,""dog"":true}}]"'),
    ],
)
def test_the_forms_of_an_answer(data_set, columns, cells, look):
    data_set.image("a.jpg")
    data_set.write("batch.csv", f"{HEAD}{columns}\nh,1,anna,Approved,a.jpg,,{cells}\n")
    assert look.labels(read_labels(data_set.root)) == [("a.jpg", "dog")]


def test_a_named_column_that_is_not_there_is_refused(data_set):
    data_set.write("batch.csv", f"{HEAD}Answer.kind\nh,1,anna,Approved,a.jpg,,cat\n")
    with pytest.raises(ValueError, match=r"no column Answer\.type"):
        read_labels(data_set.root, answer="Answer.type")
