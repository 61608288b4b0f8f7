"""Which classifier is judged, and on which images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.counted import counted
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest, a_row_a_label
from imgcls.data.manifest.task import settle_task
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import split_hash
from imgcls.workflow.evaluation_files import EvaluationFiles
from imgcls.workflow.subject import Subject


@dataclass(frozen=True)
class Judged:
    """A classifier, and the images that it is judged on.

    Attributes:
        subject: The classifier.
        manifest: Where the images are from.
        rows: Their rows of the manifest.
        files: Where the judgement is written.
    """

    subject: Subject
    manifest: Manifest
    rows: pd.DataFrame
    files: EvaluationFiles

    @property
    def part(self) -> str:
        """The split that the images are, or "all"."""
        return self.files.part

    @property
    def data(self) -> str:
        """Their source as the user named it; empty for the run's own."""
        return self.files.data

    def facts(self) -> dict[str, Any]:
        """What the table of predictions says of itself."""
        options = self.subject.options
        return {
            "run": self.subject.title,
            "data": self.data or options.get("input", {}).get("data", ""),
            "split": self.part,
            "split_hash": split_hash(self.manifest),
            "model": self.subject.checksum,
            "drawn_of": len(self.rows),
            "multi_label": self.subject.is_multi_label,
        }


def images_of(subject: Subject, split: str, data: str = "", output: str | Path = "") -> Judged:
    """The images of a split of the run, or of `data`, where all are taken that have no split.

    Args:
        subject: The classifier.
        split: Which images.
        data: Other images than the run's own.
        output: The folder for what is written; empty for the usual one.

    Raises:
        ValueError: Before any image is opened, if `data` has a class that the model does not know, or no image of that
            split.
    """
    folder = subject.folder(output)
    if not data:
        if subject.run is None:
            raise ValueError(f"The bundle {subject.path} holds no images. Name some: --data FOLDER.")
        own = Manifest.load(subject.run.manifest_file)
        _check_some(own.split(split), f"The run {subject.path}", split)
        return Judged(subject, own, own.split(split), EvaluationFiles(folder, split))
    found = load_manifest(data, "multi_label" if subject.is_multi_label else "single")
    part = split if found.usable["split"].any() else "all"
    _check_some(_part(found, part), data, part)
    _check_classes(_part(found, part), subject.class_names, data)
    manifest = inspect(found)
    settle_task("multi_label" if subject.is_multi_label else "single_label", manifest)
    return Judged(subject, manifest, _part(manifest, part), EvaluationFiles(folder, part, data))


def _part(manifest: Manifest, part: str) -> pd.DataFrame:
    return manifest.usable if part == "all" else manifest.split(part)


def _check_some(rows: pd.DataFrame, source: str, part: str) -> None:
    if rows.empty:
        raise ValueError(f"{source} has no images for {part}. Choose another --split, or other --data.")


def _check_classes(rows: pd.DataFrame, known: list[str], data: str) -> None:
    labels = a_row_a_label(rows)
    strangers = labels[~labels.isin(known)].value_counts()
    if len(strangers):
        named = ", ".join(f"{label!r} ({counted(count, 'image')})" for label, count in strangers.head(5).items())
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        raise ValueError(
            f"{data} has classes that the model does not know: {named}{more}. It knows: {', '.join(known)}. Rename or "
            "leave out the others: python -m imgcls.import_labels has --rename and --overlay."
        )
