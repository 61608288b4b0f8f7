"""The queues that the page Label offers: those that were saved, and those that data and runs give by themselves.

no-label          images that wait for a label
class:<name>      all images of a class
wrong:<run>       labels that a review of the run calls wrong
unsure:<run>      images on which the run is least sure
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest, a_row_a_label
from projects.project import Project
from projects.queues import list_queues, load_queue, rows_now
from projects.run_doubts import agreement, looks_wrong, reviewed_runs, unsure
from projects.summary import summary_of
from projects.versions import NO_LABEL, manifest_of

TRUSTED = 0.8  # share of the labels that a review agrees with, below which the page warns of it
WAITING, CLASS, WRONG, UNSURE = "no-label", "class:", "wrong:", "unsure:"


@dataclass(frozen=True)
class OpenQueue:
    """A queue as it is worked off.

    Attributes:
        name: In addresses.
        title: On the page.
        version: That the rows belong to.
        rows: Their numbers, in order.
        suggestions: The class that a row may belong to, by its number.
        probabilities: Of these, in [0, 1].
        note: About whoever suggests, in a sentence or two.
        since: Decisions before this moment belong to an earlier queue of the same name; seconds since 1970.
    """

    name: str
    title: str
    version: int
    rows: Sequence[int]
    suggestions: Mapping[int, str] = field(default_factory=dict)
    probabilities: Mapping[int, float] = field(default_factory=dict)
    since: float = 0.0
    note: str = ""


def offered_queues(project: Project, version: int) -> dict[str, str]:
    """The titles of the queues that have images, with their counts, by name."""
    manifest, found = manifest_of(project, version), {}
    if waiting := int((manifest.table["problems"] == NO_LABEL).sum()):
        found[WAITING] = f"No label yet ({waiting:,})"
    for queue in list_queues(project):
        if queue.rows:
            found[queue.name] = f"{queue.title} ({len(queue.rows):,})"
    for run in reviewed_runs(project):
        for kind, look in ((WRONG, looks_wrong), (UNSURE, unsure)):
            if rows := look(project, run, version):
                found[f"{kind}{run}"] = f"{_title_of_doubts(project, run, kind)} ({len(rows):,})"
    for name, count in summary_of(project, version).counts.sum(axis=1).items():
        found[f"{CLASS}{name}"] = f"All of {name} ({count:,})"
    return found


def open_queue(project: Project, name: str, version: int) -> OpenQueue:
    """The queue of this name, with the rows that its images have in a version.

    Raises:
        ValueError: There is none, or no data.
    """
    manifest = manifest_of(project, version)
    for prefix, opened in _BY_THEMSELVES.items():
        if name.startswith(prefix):
            return opened(project, name, version, manifest)
    queue = load_queue(project, name)
    place = rows_now(project, queue, version)
    named = {place[row]: label for row, label in queue.suggestions.items() if row in place}
    sure = {place[row]: share for row, share in queue.probabilities.items() if row in place}
    return OpenQueue(queue.name, queue.title, version, list(place.values()), named, sure, queue.when)


def _waiting(project: Project, name: str, version: int, manifest: Manifest) -> OpenQueue:
    rows = np.flatnonzero(manifest.table["problems"] == NO_LABEL).tolist()
    return OpenQueue(name, "No label yet", version, rows)


def _of_class(project: Project, name: str, version: int, manifest: Manifest) -> OpenQueue:
    named = name.removeprefix(CLASS)
    labels: pd.Series = a_row_a_label(manifest.usable)
    return OpenQueue(name, f"All of {named}", version, labels.index[labels == named].tolist())


def _wrong(project: Project, name: str, version: int, manifest: Manifest) -> OpenQueue:
    return _doubted(project, name, version, WRONG, looks_wrong)


def _unsure(project: Project, name: str, version: int, manifest: Manifest) -> OpenQueue:
    return _doubted(project, name, version, UNSURE, unsure)


def _doubted(
    project: Project, name: str, version: int, prefix: str, look: Callable[..., Mapping[int, tuple[str, float]]]
) -> OpenQueue:
    run = name.removeprefix(prefix)
    found = look(project, run, version)
    title = _title_of_doubts(project, run, prefix)
    named = {row: label for row, (label, _) in found.items() if label}
    sure = {row: share for row, (_, share) in found.items() if row in named}
    note = _about_review(project, run) if prefix == WRONG else ""
    return OpenQueue(name, title, version, list(found), named, sure, note=note)


def _title_of_doubts(project: Project, run: str, prefix: str) -> str:
    """Who doubts."""
    if prefix == UNSURE:
        return f"Unsure, says {run}"
    return f"Likely wrong, by a review of {run}"


def _about_review(project: Project, run: str) -> str:
    """How far to trust the review, in a sentence."""
    agrees = agreement(project, run)
    if agrees is None:
        return "Models that had not learned these labels judged them."
    look = "" if agrees >= TRUSTED else ", so many of these labels may be right"
    return f"Models that had not learned these labels judged them. They agree with {100 * agrees:.0f} % of all{look}."


_BY_THEMSELVES = {WAITING: _waiting, CLASS: _of_class, WRONG: _wrong, UNSURE: _unsure}
