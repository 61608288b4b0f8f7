"""A manifest of objects (image, box, class) as one of patches (image, patch, class or background)."""

import hashlib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from imgcls.config import PatchesConfig
from imgcls.counted import counted
from imgcls.data.manifest.table import COLUMNS, SPLITS, Manifest
from imgcls.data.patches.grid import square_patches
from imgcls.data.patches.labels import BACKGROUND, PARTIAL, objects_shown
from imgcls.labels.records import BOX, LABELLED_BOX

BACKGROUND_CLASS = "background"
OF_AN_ANNOTATION = ("annotators", "agreement", "attributes", *LABELLED_BOX)  # columns that say nothing about a patch


def check_boxes(manifest: Manifest) -> None:
    """Check that patches can be made of a manifest; its images need not be inspected.

    Raises:
        ValueError: It has no boxes, or a class of the name that patches without an object get.
    """
    if manifest.boxes(manifest.table) is None:
        raise ValueError(
            "--plan patches learns from the boxes around objects, and this data has none. Import annotations with "
            "boxes by `python -m imgcls.import_labels ... --boxes crop`, or choose --plan head."
        )
    if BACKGROUND_CLASS in manifest.class_names:
        raise ValueError(
            f"The data has a class {BACKGROUND_CLASS!r}, which --plan patches makes of what no box touches. Rename it "
            "with `python -m imgcls.import_labels ... --rename`."
        )


def patches_of(manifest: Manifest, config: PatchesConfig, seed: int) -> Manifest:
    """Make a manifest of patches of one of objects.

    Each image gives as many of its `square_patches` as the config allows: drawn by the seed and the image's name,
    evenly over its objects. What `objects_shown` calls partial is background, or is left out. A row without a box is
    an object as large as its image. What an import left out, such as crowds and small boxes, is no object.

    Args:
        manifest: A row an object, inspected, each with a split.
        config: How many patches, and what they have to show.
        seed: Of the draw.

    Returns:
        A row a patch, with the split of its image, the group of its image or else the image as its group, and the
        problem rows as they were.

    Raises:
        ValueError: An image is in two splits, a class is on no training patch, or nothing is background.
    """
    usable = manifest.usable
    parts = [_of_image(rows, config, seed) for _, rows in usable.groupby("image", sort=False)]
    rows = usable.loc[[part.row for part in parts for _ in part.labels]].reset_index(drop=True)
    rows[BOX] = np.concatenate([part.boxes for part in parts])
    rows["label"] = [label for part in parts for label in part.labels]
    rows["labels"] = [[label] for label in rows["label"]]
    rows["group"] = rows["group"].where(rows["group"] != "", rows["image"])  # intervals resample whole images
    for column in OF_AN_ANNOTATION:
        rows[column] = COLUMNS[column]
    unused = manifest.table[manifest.table["problems"] != ""]
    table = pd.concat([rows, unused], ignore_index=True) if len(unused) else rows
    table.attrs = {**manifest.table.attrs, "boxes": "patches"}
    made = Manifest(table, manifest.root)
    _check_classes(made, manifest.class_names)
    return made


def sentence(patches: Manifest) -> str:
    """How many patches of how many images there are, and what they show.

    Args:
        patches: As `patches_of` makes it.
    """
    rows = patches.usable
    empty = int((rows["label"] == BACKGROUND_CLASS).sum())
    sizes = ", ".join(f"{len(patches.split(split)):,} for {split}" for split in SPLITS)
    return (
        f"{counted(len(rows), 'patch')} of {counted(rows['image'].nunique(), 'image')}, {sizes}; "
        f"{len(rows) - empty:,} show an object, {empty:,} only background"
    )


class _Patches(NamedTuple):
    """The patches of one image: (P, 4) boxes and P labels. row: the index of one of its rows."""

    row: Any
    boxes: np.ndarray
    labels: list[str]


def _of_image(objects: pd.DataFrame, config: PatchesConfig, seed: int) -> _Patches:
    """Draw the patches of one image. objects: the rows of its objects."""
    image, splits = objects["image"].iloc[0], objects["split"].unique()
    if len(splits) > 1:
        named = " and ".join(sorted(splits))
        raise ValueError(f"{image} is in the splits {named}; expected all boxes of an image in one split.")
    patches = square_patches(objects["width"].iloc[0], objects["height"].iloc[0])
    labels = objects["label"].tolist()
    shown = objects_shown(patches, _boxes(objects), labels, config.patch_filled, config.object_inside)
    if config.partial_patches == "background":
        shown = np.where(shown == PARTIAL, BACKGROUND, shown)
    drawn = np.sort(np.concatenate(list(_drawn(shown, config, _generator(seed, image)))))
    names = [BACKGROUND_CLASS if place == BACKGROUND else labels[place] for place in shown[drawn]]
    return _Patches(objects.index[0], patches[drawn], names)


def _boxes(objects: pd.DataFrame) -> np.ndarray:
    whole = np.array([0, 0, objects["width"].iloc[0], objects["height"].iloc[0]], float)
    boxes = objects[BOX].to_numpy(float)
    return np.where(np.isnan(boxes).any(1, keepdims=True), whole, boxes)


def _generator(seed: int, image: str) -> np.random.Generator:
    """Of an image, whatever others there are."""
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(image.encode()).digest()[:8])])


def _drawn(shown: np.ndarray, config: PatchesConfig, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """The places of patches with objects, then of those of background."""
    empty = math.floor(config.patches_per_image * config.background_share + 0.5)
    places = generator.permutation(len(shown))
    places = places[shown[places] >= 0]
    turns = pd.Series(shown[places]).groupby(shown[places]).cumcount().to_numpy()  # each object in turn
    yield places[np.argsort(turns, kind="stable")][: config.patches_per_image - empty]
    yield generator.permutation(np.flatnonzero(shown == BACKGROUND))[:empty]


def _check_classes(patches: Manifest, class_names: list[str]) -> None:
    there = set(patches.class_names)
    if BACKGROUND_CLASS not in there:
        raise ValueError(
            "No patch of the training images shows background, so there is none to learn. Add images in which the "
            "objects leave room, leave out --partial-patches leave_out, or choose --plan head."
        )
    if lost := sorted(set(class_names) - there):
        raise ValueError(
            f"Class {lost[0]!r} is on no patch of the training images: its boxes are too small for a patch, or always "
            "beside other classes. Lower --patch-filled, or leave the class out."
        )
