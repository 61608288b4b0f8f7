"""COCO JSON, a file a split. Columns without a key of the format go to `attributes`, as CVAT writes them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.labels.records import Problems, Records, grouped
from imgcls.labels.writer import Writer
from imgcls.labels.writers.placing import place

WRITER = Writer(
    "coco",
    "COCO",
    order=10,
    holds="Boxes and labels of whole images. The latter are annotations with an empty box, which some tools pass over.",
)
FLAGS = ("difficult", "occluded", "truncated")


def write(records: Records, folder: Path, copy_images: bool) -> Problems:
    """Write `instances_<split>.json`. Ids count from 1 and mean the same in every file."""
    problems = Problems()
    rows = records.boxes_or_images
    category_ids = {name: number for number, name in enumerate(records.class_names, start=1)}
    image_ids = {image: number for number, image in enumerate(rows["image"].unique(), start=1)}
    categories = [{"id": number, "name": name} for name, number in category_ids.items()]
    annotation_id = 0
    for split, part in grouped(rows, "split", sort=True):
        images = [
            {"id": image_ids[str(row.image)], "file_name": row.image}
            | ({"width": row.width, "height": row.height} if row.width else {})
            for row in part.drop_duplicates("image").itertuples()
        ]
        annotations = []
        for row in part[part["label"] != ""].itertuples():
            annotation_id += 1
            ids = {
                "id": annotation_id,
                "image_id": image_ids[str(row.image)],
                "category_id": category_ids[str(row.label)],
            }
            annotations.append(ids | _box(row) | _attributes(row))
        content = {"images": images, "annotations": annotations, "categories": categories}
        name = f"instances_{split}.json" if split else "instances.json"
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    if copy_images:
        place(records.root, folder, {image: image for image in image_ids}, problems)
    return problems


def _box(row: Any) -> dict[str, Any]:
    """pycocotools wants every key, so a label of the whole image has an empty box."""
    if pd.isna(row.x_min):
        return {"bbox": [], "area": 0, "iscrowd": int(row.crowd), "segmentation": []}
    width, height = row.x_max - row.x_min, row.y_max - row.y_min
    box = [row.x_min, row.y_min, width, height]
    return {"bbox": box, "area": width * height, "iscrowd": int(row.crowd), "segmentation": []}


def _attributes(row: Any) -> dict[str, Any]:
    stated = json.loads(row.attributes) if row.attributes else {}
    stated |= {flag: True for flag in FLAGS if getattr(row, flag)}
    stated |= {"annotator": row.annotator} if row.annotator else {}
    return {"attributes": stated} if stated else {}
