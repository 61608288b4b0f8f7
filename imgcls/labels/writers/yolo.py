"""YOLO text with a `data.yaml`: images in images/, boxes in labels/, splits as lists of images."""

from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import yaml

from imgcls.labels.image_index import upright_size
from imgcls.labels.records import Problems, Records, grouped
from imgcls.labels.writer import Writer
from imgcls.labels.writers.placing import names_without_clashes, place, report_unheld

WRITER = Writer(
    "yolo",
    "YOLO",
    order=30,
    holds="Boxes only. To classify whole images, YOLO reads one folder of images a class.",
)
KEYS = {"train": "train", "validation": "val", "test": "test"}
LOST = ("difficult", "crowd", "occluded", "truncated", "annotator", "attributes")


def write(records: Records, folder: Path, copy_images: bool) -> Problems:
    """Write it; boxes are shares with six decimals, as every tool writes them. Labels without a box are reported."""
    problems = Problems()
    rows = records.boxes_or_images
    numbers = {name: number for number, name in enumerate(records.class_names)}
    names = names_without_clashes(rows["image"].unique(), problems)
    lists: dict[str, list[str]] = {}
    for image, part in grouped(rows, "image"):
        first = part.iloc[0]
        lists.setdefault(first["split"], []).append(f"./images/{names[image]}\n")
        size = (first["width"], first["height"])
        if not all(size) and part["x_min"].notna().any():
            size = upright_size(records.root / image)
        lines = [_line(row, numbers[str(row.label)], size) for row in part[part["x_min"].notna()].itertuples()]
        path = folder / "labels" / PurePosixPath(names[image]).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), "utf-8")
    card: dict[str, Any] = {"names": dict(enumerate(numbers))}
    for split, key in KEYS.items():
        if split in lists:
            card[key] = f"{key}.txt"
            (folder / f"{key}.txt").write_text("".join(lists[split]), "utf-8")
    (folder / "data.yaml").write_text(yaml.safe_dump(card, allow_unicode=True, sort_keys=False), "utf-8")
    place(records.root, folder / "images", names, problems)
    whole = rows[rows["x_min"].isna() & (rows["label"] != "")]
    reasons = [
        f"{label!r} is a label of the whole image, which YOLO boxes cannot hold; left out." for label in whole["label"]
    ]
    problems.extend(whole["image"], [""] * len(whole), reasons, "left out")
    report_unheld(rows[rows["x_min"].notna()], LOST, "YOLO text", problems)
    return problems


def keeps(rows: pd.DataFrame) -> pd.Series:
    """Which labels are a box."""
    return rows["x_min"].notna()


def _line(row: Any, number: int, size: tuple[int, int]) -> str:
    width, height = size
    x, y = (row.x_min + row.x_max) / 2 / width, (row.y_min + row.y_max) / 2 / height
    return f"{number} {x:.6f} {y:.6f} {(row.x_max - row.x_min) / width:.6f} {(row.y_max - row.y_min) / height:.6f}\n"
