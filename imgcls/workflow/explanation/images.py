"""The images that the views of a network look at: those of a run's split, or others that the user named."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest
from imgcls.image_files import shown_name
from imgcls.run_folder import RunFolder
from imgcls.workflow.explanation.request import ExplainRequest

BATCH = 32  # images


@dataclass(frozen=True)
class LookedAt:
    """Some images, batch by batch as often as they are iterated.

    Attributes:
        manifest: Where they are from.
        rows: Their rows of the manifest.
        part: What they are, in words.
        preprocessing: How they become pixels.
    """

    manifest: Manifest
    rows: pd.DataFrame
    part: str
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Batches: pixels (B, H, W, C), float32 in [0, 255], and the files' names. Unreadable files are passed over."""
        paths, boxes = self.manifest.paths(self.rows), self.manifest.boxes(self.rows)
        outcomes = (each for each in read_images(paths, self.preprocessing, boxes) if not each.problem)
        while read := list(islice(outcomes, BATCH)):
            yield np.stack([each.result for each in read]), [shown_name(each.path.name) for each in read]


def images_to_look_at(run: RunFolder | None, request: ExplainRequest, preprocessing: Preprocessing) -> LookedAt:
    """The images of a split of the run, or of `request.data`, where all are taken that have no split.

    Raises:
        ValueError: If there are none.
    """
    if request.data:
        manifest = load_manifest(request.data)
    elif run is not None:
        manifest = Manifest.load(run.manifest_file)
    else:
        raise ValueError("There are no images to look at. Name some: --data FOLDER.")
    split = request.split if manifest.usable["split"].any() else ""
    rows = manifest.split(split) if split else manifest.usable
    source = request.data or (run.path if run else "")
    if rows.empty:
        raise ValueError(f"{source} has no images for {split or 'any class'}. Choose another --split, or other --data.")
    if request.most_images and len(rows) > request.most_images:
        rows = rows.sample(request.most_images, random_state=request.seed).sort_index()
    return LookedAt(manifest, rows, f"the {split} split of {source}" if split else str(source), preprocessing)


def true_classes(run: RunFolder | None) -> dict[Path, str]:
    """The class of each image of a run, by its resolved path; an image with several labels or crops has none."""
    if run is None:
        return {}
    manifest = Manifest.load(run.manifest_file)
    found: dict[Path, str] = {}
    several: set[Path] = set()
    for path, label in zip(manifest.paths(manifest.usable), manifest.usable["label"], strict=True):
        path = path.resolve()
        if path in found:
            several.add(path)
        if isinstance(label, str) and label:
            found[path] = label
    return {path: label for path, label in found.items() if path not in several}
