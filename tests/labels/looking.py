"""Short ways to look at records."""

import pytest

from imgcls.labels import Records
from imgcls.labels.records import BOX


def labels(records: Records) -> list[tuple[str, str]]:
    """Image and label of each row, sorted."""
    return sorted(zip(records.boxes_or_images["image"], records.boxes_or_images["label"], strict=True))


def boxes(records: Records, **where: str) -> dict[str, list[float]]:
    """Box by label, rounded to a hundredth of a pixel; None without a box."""
    rows = records.boxes_or_images
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return {
        row["label"]: None if row[BOX].isna().all() else [round(float(value), 2) for value in row[BOX]]
        for _, row in rows.iterrows()
    }


def flags(records: Records, name: str) -> dict[str, bool]:
    rows = records.boxes_or_images
    return {label: bool(value) for label, value in zip(rows["label"], rows[name], strict=True)}


def only(records: Records) -> dict:
    """The only row."""
    assert len(records.boxes_or_images) == 1
    return records.boxes_or_images.iloc[0].to_dict()


def told(records: Records, effect: str) -> list[tuple[str, str, str]]:
    """File, line and reason of the problems with this effect."""
    rows = records.problems[records.problems["effect"] == effect]
    return list(rows[["file", "line", "reason"]].itertuples(index=False, name=None))


def approximately(box: list[float]):
    return pytest.approx(box, abs=0.01)
