import numpy as np
import pandas as pd
import pytest

from imgcls.labels.boxes import to_examples
from imgcls.labels.records import BOX, Records, typed

NO_PROBLEMS = pd.DataFrame(columns=["file", "line", "reason", "effect"])


def records(tmp_path, *rows: tuple) -> Records:
    """image, label, box or None, and whether it is a crowd."""
    table = [
        {"image": image, "label": label, "width": 100, "height": 100, "crowd": bool(crowd)}
        | (dict(zip(BOX, box, strict=True)) if box else {})
        for image, label, box, *crowd in rows
    ]
    return Records(typed(table), NO_PROBLEMS, tmp_path)


@pytest.fixture
def zoo(tmp_path):
    return records(
        tmp_path,
        ("a", "cat", (10, 20, 30, 60)),
        ("a", "dog", (0, 0, 90, 90)),
        ("b", "cat", (5, 5, 8, 50)),
        ("b", "cat", (0, 0, 50, 50)),
        ("c", "fox", None),
        ("d", "", None),
        ("e", "owl", (0, 0, 60, 60), True),
        ("e", "cat", (0, 0, 20, 20)),
    )


def rows(result: Records) -> list[tuple]:
    return list(zip(result.boxes_or_images["image"], result.boxes_or_images["labels"], strict=True))


def reasons(result: Records) -> list[str]:
    return sorted(f"{file}: {reason}" for file, reason in result.problems[["file", "reason"]].to_numpy())


def test_crop_is_an_example_a_box_with_its_margin_inside_the_image(zoo):
    result = to_examples(zoo, "crop", margin=0.25, smallest=4)
    assert rows(result) == [("a", ["cat"]), ("a", ["dog"]), ("b", ["cat"]), ("c", ["fox"]), ("e", ["cat"])]
    first, second = result.boxes_or_images[BOX].to_numpy()[:2]
    assert np.array_equal(first, [5, 10, 35, 70])
    assert np.array_equal(second, [0, 0, 100, 100])
    assert reasons(result) == [
        "b: 'cat' is left out: its box is smaller than 4 pixels.",
        "d: nobody labelled this image.",
        "e: 'owl' is left out: its box is around a crowd.",
    ]


def test_single_keeps_images_with_one_class(zoo):
    result = to_examples(zoo, "single")
    assert rows(result) == [("b", ["cat"]), ("c", ["fox"])]
    assert result.boxes_or_images[BOX].isna().all(axis=None)
    assert "a: this image is left out: it has several classes: cat, dog." in reasons(result)


def test_largest_takes_the_class_of_the_largest_box(zoo):
    result = to_examples(zoo, "largest")
    assert rows(result) == [("a", ["dog"]), ("b", ["cat"]), ("c", ["fox"]), ("e", ["cat"])]
    assert "a: 'cat' is left out: another class is larger in this image." in reasons(result)


def test_largest_does_not_decide_a_tie(tmp_path):
    result = to_examples(records(tmp_path, ("a", "cat", (0, 0, 5, 4)), ("a", "dog", (9, 9, 13, 14))), "largest")
    assert rows(result) == []
    assert "equally large in it: cat, dog" in reasons(result)[0]


def test_multi_label_gives_all_classes(zoo):
    result = to_examples(zoo, "multi_label")
    assert rows(result) == [("a", ["cat", "dog"]), ("b", ["cat"]), ("c", ["fox"]), ("e", ["cat", "owl"])]
    assert list(result.boxes_or_images["label"]) == ["", "cat", "fox", ""]


def test_images_without_annotations_are_examples_of_none_of_the_classes_if_so_wished(zoo):
    result = to_examples(zoo, "multi_label", smallest=55, negatives=True)
    assert rows(result) == [("a", ["dog"]), ("c", ["fox"]), ("d", []), ("e", ["owl"])]  # b has boxes, all too small


def test_a_margin_without_a_stated_size_is_cut_at_the_images_edge(data_set):
    data_set.image("a.png")
    table = typed([{"image": "a.png", "label": "cat"} | dict(zip(BOX, (30, 20, 60, 40), strict=True))])
    result = to_examples(Records(table, NO_PROBLEMS, data_set.root), "crop", margin=1.0)
    assert list(result.boxes_or_images[BOX].iloc[0]) == [0, 0, 64, 48]


def test_wrong_wishes_are_refused(zoo):
    with pytest.raises(ValueError, match="Did you mean 'largest'"):
        to_examples(zoo, "large")
    with pytest.raises(ValueError, match="margin -1"):
        to_examples(zoo, "crop", margin=-1)
