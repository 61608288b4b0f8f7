"""What a source says before any image is opened: labels, images that wait for one, and what boxes can become."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from imgcls.config import FetchConfig, LabelsConfig
from imgcls.data.manifest.table import Manifest, is_manifest
from imgcls.data.prepared.load import is_prepared
from imgcls.data.sources.importing import Imported, import_manifest
from imgcls.data.sources.load import source_of
from imgcls.data.sources.reasons import commonest
from imgcls.image_files import SUFFIXES
from imgcls.labels import annotation_formats
from imgcls.labels.boxes import MODES, to_examples
from imgcls.labels.documents import files_of
from imgcls.labels.image_index import ANNOTATION_FOLDERS, ImageIndex
from imgcls.labels.records import BOX, LEFT_OUT, Problems, Records
from imgcls.progress import ProgressFunction, no_progress
from projects.wording import in_words

LOOSE = "it lies in no folder of a class"  # why the reader of class folders leaves an image out
EXPECTED = "Expected images, one folder of images for each class, or the files of a labelling tool with their images."
ENOUGH = 0.9  # share of the images that a way of reading boxes must keep to be proposed


@dataclass(frozen=True)
class Way:
    """One way of making examples of boxes, and what it gives.

    Attributes:
        boxes: A mode of `imgcls.labels.boxes`.
        examples: How many examples it gives.
        images: Of how many images.
        classes: How many classes they have.
        lost: How many images it leaves out.
        why: The most frequent reason for that; may be empty.
    """

    boxes: str
    examples: int
    images: int
    classes: int
    lost: int
    why: str


@dataclass(frozen=True)
class Reading:
    """What a source says.

    Attributes:
        manifest: The examples and the images without a label, whose label is empty; none is opened yet.
        problems: What was wrong in the files, as `Imported` has it.
        ways: What boxes can become; empty if there are none, or if the source says it itself.
        annotators: How far each person who labelled can be trusted; None if nobody is named.
    """

    manifest: Manifest
    problems: pd.DataFrame
    ways: tuple[Way, ...] = ()
    annotators: pd.DataFrame | None = None

    @property
    def proposed(self) -> str:
        """The way that keeps most and asks least of the user: the first that keeps nearly all images."""
        order = ("single", "crop", "largest", "multi_label")
        ways = {way.boxes: way for way in self.ways}
        most = max(way.images for way in self.ways)
        return next((name for name in order if ways[name].images >= ENOUGH * most), "multi_label")


def read_source(
    source: str,
    labels: LabelsConfig,
    boxes: str = "",
    fetching: FetchConfig | None = None,
    on_fetched: ProgressFunction = no_progress,
) -> Reading:
    """Read labels in any format, or images without any.

    Args:
        source: A path, the name of a card, or `tfds:` and a name.
        labels: How they are read; its `boxes` is not looked at.
        boxes: What boxes become, once that is known.
        fetching: How images are fetched from their addresses.
        on_fetched: Gets the number of images fetched so far, and of all.

    Raises:
        FileNotFoundError: There is nothing at the source.
        ValueError: Nothing in it is an image or a label.
    """
    named, labels = source_of(_of_annotations(source), labels)
    if is_manifest(named) or is_prepared(Path(named)):
        imported = import_manifest(named, labels)
        return Reading(imported.manifest, imported.problems)
    said_by_the_card = source != named and labels.boxes != "single"
    wanted = boxes or (labels.boxes if said_by_the_card else "multi_label")
    everything = replace(labels, boxes="multi_label", box_margin=0.0)
    try:
        imported = import_manifest(named, everything, fetching, on_fetched)
    except ValueError:
        if not Path(named).is_dir() or annotation_formats(Path(named)):
            raise
        return read_images(named)
    ways = () if said_by_the_card or imported.records is None else ways_of(imported.records, labels)
    if ways or wanted != "multi_label":
        imported = import_manifest(named, replace(labels, boxes=wanted), fetching)
    return _with_unlabelled(imported, ways)


def ways_of(records: Records, labels: LabelsConfig) -> tuple[Way, ...]:
    """What each way of reading boxes gives; none if there are neither boxes nor images of several classes."""
    rows = records.boxes_or_images
    labelled = rows[rows["label"] != ""]
    several = labelled.groupby("image")["label"].nunique().max() if len(labelled) else 0
    if labelled[BOX].isna().all(axis=None) and several < 2:
        return ()
    return tuple(_way(records, mode, labels, labelled["image"].nunique()) for mode in MODES)


def read_images(source: str) -> Reading:
    """All images of a folder, which wait for labels.

    Raises:
        ValueError: There are none.
    """
    folder = Path(source)
    images = [path.relative_to(folder).as_posix() for path in files_of(folder, *SUFFIXES)] if folder.is_dir() else []
    if not images:
        raise ValueError(f"There is no image and no label that can be read in {source}. {EXPECTED}")
    return Reading(Manifest.from_records(_unlabelled(images), folder), Problems().table())


def _way(records: Records, mode: str, labels: LabelsConfig, images: int) -> Way:
    examples = to_examples(records, mode, 0.0, labels.min_box_side)
    rows = examples.boxes_or_images
    told = examples.problems.iloc[len(records.problems) :]
    lost = told[(told["effect"] == LEFT_OUT) & ~told["reason"].str.contains("nobody labelled")]
    names = {name for names in rows["labels"] for name in names}
    kept = rows["image"].nunique()
    return Way(mode, len(rows), kept, len(names), images - kept, in_words(next(commonest(lost), "")))


def _with_unlabelled(imported: Imported, ways: tuple[Way, ...]) -> Reading:
    """The examples, and behind them the images that nobody labelled."""
    manifest, problems = imported.manifest, imported.problems
    loose = problems["reason"].str.startswith(LOOSE)
    images = [name for name in problems["file"][loose] if name.lower().endswith(SUFFIXES)]
    if imported.records is not None:
        rows = imported.records.boxes_or_images
        images += sorted({*rows["image"][rows["label"] == ""]} - {*rows["image"][rows["label"] != ""]})
    unheard = problems["file"].isin(images) & (problems["effect"] == LEFT_OUT)
    if images:
        waiting = Manifest.from_records(_unlabelled(images), manifest.root).table
        if manifest.table["source"].nunique() == 1:
            waiting["source"] = manifest.table["source"].iloc[0]
        known = set(manifest.table["image"])
        table = pd.concat([manifest.table, waiting[~waiting["image"].isin(known)]], ignore_index=True)
        table.attrs = manifest.table.attrs
        manifest = Manifest(table, manifest.root)
    annotators = imported.consensus.annotators if imported.consensus else None
    return Reading(manifest, problems[~unheard].reset_index(drop=True), ways, annotators)


def _unlabelled(images: Iterable[str]) -> pd.DataFrame:
    images = list(images)
    return pd.DataFrame({"image": images, "label": "", "labels": [[] for _ in images]})


def _of_annotations(source: str) -> str:
    """The folder above one of annotations that holds no images, because they lie beside it."""
    path = Path(source)
    if path.is_dir() and path.name.lower() in ANNOTATION_FOLDERS and not ImageIndex(path).paths:
        return str(path.resolve().parent)
    return source
