"""The images of a benchmark: those that networks are chosen by, and what tells them from others."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from imgcls.counted import counted
from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest, a_row_a_label
from imgcls.data.manifest.task import settle_task
from imgcls.data.manifest.trainable import check_trainable
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits
from imgcls.data.splits.units import units_of
from imgcls.metrics import Task
from imgcls.progress import Progress
from imgcls.workflow.benchmark.request import BenchmarkRequest

VALIDATION_SIZE = TEST_SIZE = 0.15  # as training divides the images


@dataclass(frozen=True)
class BenchmarkImages:
    """Images with splits. The test split takes no part, so that it can still judge the network that is chosen.

    Attributes:
        name: What the user calls them.
        manifest: All of them, each with a split.
        units: The unit of each row of the manifest's table, which is not divided.
        fingerprint: 12 hexadecimal digits, the same for the same images with the same boxes and labels.
    """

    name: str
    manifest: Manifest
    units: pd.Series
    fingerprint: str

    @property
    def rows(self) -> pd.DataFrame:
        """The rows of the manifest that are not of the test split."""
        usable = self.manifest.usable
        return usable[usable["split"] != "test"]

    @property
    def class_names(self) -> list[str]:
        """The names of the classes."""
        return self.manifest.class_names

    @cached_property
    def task(self) -> Task:
        """Whether an image has one class, or any number of them."""
        return "multi_label" if settle_task("auto", self.manifest)[0] == "multi_label" else "single_label"

    @property
    def shorter_side(self) -> float:
        """The median of the images' shorter sides, in pixels."""
        return float(self.manifest.sizes(self.manifest.usable).min(axis=1).median())

    def files(self, most: int) -> list[Path]:
        """At most so many image files, evenly drawn from the rows."""
        paths = list(dict.fromkeys(self.manifest.paths(self.rows)))
        count = min(most, len(paths))
        return [paths[i * len(paths) // count] for i in range(count)]


def load_images(request: BenchmarkRequest, progress: Progress) -> BenchmarkImages:
    """Read and check the images, and divide them as training will.

    Raises:
        FileNotFoundError: If there is nothing of that name.
        ValueError: If no classifier can be trained on them.
    """
    manifest = load_manifest(request.data)
    manifest = inspect(manifest, progress.of("Reading every image", len(manifest.table)))
    _check_enough(manifest)
    check_trainable(manifest, divided=False)
    copies = near_duplicate_groups(manifest)
    manifest = assign_splits(manifest, VALIDATION_SIZE, TEST_SIZE, request.seed, copies)
    return BenchmarkImages(request.data, manifest, units_of(manifest, copies), fingerprint(manifest))


def fingerprint(manifest: Manifest) -> str:
    """12 hexadecimal digits that say which images or boxes have which label, in any order and wherever they lie."""
    usable = manifest.usable
    labels = usable["labels"].map(", ".join)
    lines = map("\t".join, zip(usable["sha256"], labels, usable["split"], strict=True))
    boxes = manifest.boxes(usable)
    if boxes is not None:
        lines = map("\t".join, zip(lines, map(str, boxes.round(1).tolist()), strict=True))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]


def _check_enough(manifest: Manifest) -> None:
    """Raise ValueError if there are fewer images than the classes need."""
    images, classes = len(manifest.usable), len(set(a_row_a_label(manifest.table)))
    if images and images < 2 * classes:
        raise ValueError(
            f"There are {counted(images, 'readable image')} of {counted(classes, 'class')}; expected several images "
            "of each class, some to learn from and some to judge by."
        )
