"""Toloka: https://toloka.ai/docs/toloka-kit/reference/toloka.client.assignment.GetAssignmentsTsvParameters/"""

import json

import pytest

from imgcls.labels import detect_format, read_labels

COLUMNS = "INPUT:image OUTPUT:result GOLDEN:result ASSIGNMENT:assignment_id ASSIGNMENT:worker_id ASSIGNMENT:status"
HEAD = COLUMNS.replace(" ", "\t")


def test_answers_golden_tasks_and_rejected_assignments(data_set, look):
    data_set.image("Ж.jpg", "b.jpg")
    rows = [
        "Ж.jpg\tcat\t\t1\tanna\tAPPROVED",
        "\t\t\t\t\t",
        "b.jpg\tdog\tdog\t1\tanna\tAPPROVED",
        "Ж.jpg\tdog\t\t2\tboris\tREJECTED",
        "b.jpg\t\tdog\t3\tcarl\tSUBMITTED",
    ]
    data_set.write("results.tsv", "\n".join([HEAD, *rows]))
    assert detect_format(data_set.root) == "toloka"
    records = read_labels(data_set.root)
    found = records.boxes_or_images.set_index("image")
    assert found["label"].to_dict() == {"Ж.jpg": "cat", "b.jpg": "dog"}
    assert json.loads(found.loc["b.jpg", "attributes"]) == {"golden": "dog"}
    assert [line for _, line, _ in look.reported(records, "left out")] == ["5", "6"]


def test_several_fields_are_chosen_by_content_or_name(data_set, look):
    data_set.image("a.jpg")
    head = "INPUT:city\tINPUT:shot\tOUTPUT:remark\tOUTPUT:kind\tASSIGNMENT:worker_id"
    data_set.write("results.tsv", f"{head}\nRome\ta.jpg\tnice\tcat\tanna\n")
    with pytest.raises(ValueError, match="no column OUTPUT:label"):
        read_labels(data_set.root)
    assert look.labels(read_labels(data_set.root, answer="kind")) == [("a.jpg", "cat")]
