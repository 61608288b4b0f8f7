"""What tells the images of one benchmark from those of another."""

import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from imgcls.workflow.benchmark.images import fingerprint

ROWS = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"], "sha256": ["0", "1"], "split": "train"})


def of(rows: pd.DataFrame) -> str:
    return fingerprint(Manifest.from_records(rows, "photos"))


def boxed(*boxes: list[float]) -> pd.DataFrame:
    return ROWS.assign(**dict(zip(BOX, map(list, zip(*boxes, strict=True)), strict=True)))


def test_the_order_and_the_place_of_the_images_are_none_of_it():
    elsewhere = ROWS.assign(image=["x/1.png", "x/2.png"]).iloc[::-1].reset_index(drop=True)
    assert of(elsewhere) == of(ROWS)


@pytest.mark.parametrize(
    "other",
    [
        ROWS.assign(label=["cat", "cow"]),
        ROWS.assign(sha256=["0", "2"]),
        ROWS.assign(split=["train", "test"]),
        boxed([0, 0, 10, 10], [0, 0, 200, 200]),
    ],
)
def test_other_labels_images_splits_or_boxes_are_other_images(other):
    assert of(other) != of(ROWS)


def test_other_boxes_of_the_same_images_are_other_images():
    nowhere = [float("nan")] * 4
    kinds = [boxed([0, 0, 10, 10], nowhere), boxed([0, 0, 10, 20], nowhere), boxed(nowhere, [0, 0, 10, 10])]
    assert len({of(each) for each in kinds}) == 3
