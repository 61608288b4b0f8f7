"""What is in a version, counted once, and what training still lacks."""

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from imgcls.data.audit.classes import FEWEST
from imgcls.data.manifest.table import SPLITS, Manifest, a_row_a_label
from imgcls.data.manifest.trainable import check_trainable
from projects.edits import all_classes
from projects.project import Project
from projects.versions import NO_LABEL, OF_PEOPLE, SET_ASIDE, file_of_version, manifest_of, present_images
from projects.wording import in_words

COUNTED = ["image", "label", "labels", "split", "group", "problems"]


@dataclass(frozen=True)
class Summary:
    """Numbers about a version.

    Attributes:
        images: Files that can be read and are not left out.
        examples: Rows of these: more than files where boxes are cut out.
        classes: Names of all classes, sorted, those without usable images too.
        counts: Usable examples of each class (rows) and split (columns: train, validation, test, unsplit).
        unlabelled: Images of these that wait for a label.
        left_out: Rows that somebody left out.
        unreadable: Rows whose file cannot be used.
        missing: What training lacks, as sentences; empty if it can begin.
    """

    images: int
    examples: int
    classes: tuple[str, ...]
    counts: pd.DataFrame
    unlabelled: int
    left_out: int
    unreadable: int
    missing: tuple[str, ...]


def summary_of(project: Project, number: int) -> Summary:
    """Count a version; a version never changes, so this is done once."""
    return _counted(project, number, file_of_version(project, number).stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _counted(project: Project, number: int, modified: int) -> Summary:
    """`modified` makes a file that was written again another entry."""
    whole = manifest_of(project, number)
    manifest = Manifest(whole.table[COUNTED], whole.root)  # without what takes long to copy, such as hashes
    images, problems = present_images(manifest), manifest.table["problems"]
    waiting, aside = int((problems == NO_LABEL).sum()), int((problems == SET_ASIDE).sum())
    return Summary(
        images=images.nunique(),
        examples=len(images),
        classes=tuple(all_classes(manifest)),
        counts=manifest.counts(),
        unlabelled=waiting,
        left_out=aside,
        unreadable=int((~problems.isin(OF_PEOPLE)).sum()),
        missing=tuple(missing_for_training(manifest)),
    )


@lru_cache(maxsize=64)
def has_several(project: Project, number: int) -> bool:
    """Whether an image of a version has several classes, or is said to have none; a version never changes."""
    manifest = manifest_of(project, number)
    return bool(manifest.has_several_labels or manifest.has_unlabelled)


def missing_for_training(manifest: Manifest) -> list[str]:
    """What has to be done before a classifier can be trained, a sentence each."""
    usable = manifest.usable
    if usable.empty or usable["labels"].str.len().sum() == 0:
        return ["No image has a label yet. Give some of them labels."]
    labels = a_row_a_label(usable)
    counts = labels.value_counts()
    found = []
    if len(counts) == 1 and not manifest.has_unlabelled:
        found.append(f"There is only one class, {counts.index[0]!r}. Add images of another.")
    gone = sorted(set(all_classes(manifest)) - set(counts.index))
    if gone:
        have = "has" if len(gone) == 1 else "have"
        found.append(f"{_listed(gone)} {have} no image left that can be used. Bring some back, or drop the class.")
    divided = set(SPLITS) <= set(usable["split"])
    small = sorted(counts.index[counts < FEWEST])
    if small and not divided:
        have = "has" if len(small) == 1 else "have"
        found.append(f"{_listed(small)} {have} fewer than {FEWEST} images. Add some, merge the class, or drop it.")
    return found or _said_by_the_library(manifest)


def _said_by_the_library(manifest: Manifest) -> list[str]:
    try:
        check_trainable(manifest, divided=False)
    except ValueError as error:
        return [in_words(str(error))]
    return []


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
