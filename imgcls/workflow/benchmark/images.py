"""The images of a benchmark: those that networks are chosen by, and what tells them from others."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imgcls.counted import counted
from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.task import settle_task
from imgcls.data.manifest.trainable import check_trainable
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits
from imgcls.data.splits.units import units_of
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
        fingerprint: 12 hexadecimal digits, the same for the same images with the same labels.
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
        ValueError: If a classifier of one class an image cannot be trained on them.
    """
    manifest = load_manifest(request.data)
    _check_one_class_an_image(manifest)
    manifest = inspect(manifest, progress.of("Reading every image", len(manifest.table)))
    _check_enough(manifest)
    check_trainable(manifest, divided=False)
    copies = near_duplicate_groups(manifest)
    manifest = assign_splits(manifest, VALIDATION_SIZE, TEST_SIZE, request.seed, copies)
    return BenchmarkImages(request.data, manifest, units_of(manifest, copies), fingerprint(manifest))


def fingerprint(manifest: Manifest) -> str:
    """12 hexadecimal digits that say which images have which label, in any order and wherever they lie."""
    rows = manifest.usable[["sha256", "label", "split"]].itertuples(index=False, name=None)
    lines = sorted("\t".join(map(str, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _check_one_class_an_image(manifest: Manifest) -> None:
    if not manifest.usable.empty and settle_task("auto", manifest)[0] == "multi_label":
        raise ValueError(
            "The images have several classes each, or none; networks are compared on images of one class each. "
            "Import the labels with --boxes crop, largest or single."
        )


def _check_enough(manifest: Manifest) -> None:
    """Raise ValueError if there are fewer images than the classes need."""
    images, classes = len(manifest.usable), manifest.table["label"].nunique()
    if images and images < 2 * classes:
        raise ValueError(
            f"There are {counted(images, 'readable image')} of {counted(classes, 'class')}; expected several images "
            "of each class, some to learn from and some to judge by."
        )
