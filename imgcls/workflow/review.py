"""The review of a run's labels: which look wrong, as figures, as a page to decide on, and as corrections."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.audit.copies import copy_findings
from imgcls.data.duplicates.near_duplicates import Copies, find_copies
from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.assign import split_hash
from imgcls.data.splits.units import units_of
from imgcls.evaluation.review.label_errors import LabelErrors, find_label_errors
from imgcls.evaluation.review.page import write_review_page
from imgcls.evaluation.review.review import Candidate, candidates
from imgcls.files import replacing, write_json
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.out_of_sample import OutOfSample, retrained, units_apart, with_heads

FOLDS, MOST = 5, 200
PAGE, CORRECTIONS, FIGURES = "review.html", "corrections.csv", "review.json"
TWO_LABELS = ("same image, two labels", "turned copies, two labels")
MOST_PAIRS = 20  # of classes that are confused, in the figures
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReviewOptions:
    """How a run's labels are reviewed.

    Attributes:
        folds: In how many parts the images are divided, each of which is judged by classifiers of the others.
        most: How many images are shown at the most.
        retrain: Whether a run is trained for each fold, in place of a head on features that have seen no label.
        accept_above: From which probability on a suggestion is taken unseen, outside the test split; None: never.
    """

    folds: int = FOLDS
    most: int = MOST
    retrain: bool = False
    accept_above: float | None = None

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ValueError(f"--folds is {self.folds}; expected at least 2.")
        if self.most < 1:
            raise ValueError(f"--most is {self.most}; expected at least 1.")
        if self.accept_above is not None and not 0.5 <= self.accept_above <= 1:
            raise ValueError(f"--accept-above is {self.accept_above}; expected a probability from 0.5 to 1.")


@dataclass(frozen=True)
class Review:
    """The review of a run's labels.

    Attributes:
        run: The run.
        manifest: Its images.
        seen: What the labels were compared with.
        errors: What looks wrong.
        queue: The images to look at, the most doubtful label first.
        problems: (file, reason) of the images that could not be reviewed.
        options: How it was done.
    """

    run: RunFolder
    manifest: Manifest
    seen: OutOfSample
    errors: LabelErrors
    queue: list[Candidate]
    problems: list[tuple[str, str]]
    options: ReviewOptions

    @property
    def shown(self) -> list[Candidate]:
        """Those of the queue that are on the page and in the corrections."""
        return self.queue[: self.options.most]

    @property
    def accuracy(self) -> float:
        """The share of the labels outside the test that the classifiers agree with."""
        fit = self.errors.judged & (self.seen.rows["split"] != "test").to_numpy()
        return float((self.errors.suggested == self.errors.labels)[fit].mean()) if fit.any() else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """The figures, as review.json holds them."""
        share, splits = self.errors.share(), self.seen.rows["split"].to_numpy()
        return {
            "run": self.run.path.resolve().name,
            "data": self.run.config.input.data,
            "split_hash": split_hash(self.manifest),
            "how": self.seen.how,
            "folds": self.seen.folds,
            "images": len(splits),
            "judged": int(self.errors.judged.sum()),
            "accuracy": self.accuracy if np.isfinite(self.accuracy) else None,
            "looks_wrong": int(self.errors.looks_wrong.sum()),
            "looks_wrong_in": {
                name: int(self.errors.looks_wrong[splits == name].sum()) for name in ("train", "validation", "test")
            },
            "share": None if share is None else {"estimate": share[0], "low": share[1], "high": share[2]},
            "copies_with_two_labels": sum(each.is_copy for each in self.queue),
            "pairs": [
                {"given": given, "looks_like": other, "images": count}
                for given, other, count in self.errors.pairs()[:MOST_PAIRS]
            ],
            "accepted": sum(each.accepted(self.options.accept_above) for each in self.shown),
            "queue": [each.decision(self.options.accept_above) for each in self.shown],
            "problems": [list(pair) for pair in self.problems],
        }

    def write(self) -> dict[str, Path]:
        """Write the page, the corrections and the figures into the run folder; returns where."""
        files = {name: self.run.path / name for name in (PAGE, CORRECTIONS, FIGURES)}
        write_review_page(files[PAGE], self.to_dict(), self.shown, self.manifest, self.seen.rows)
        lines = [each.decision(self.options.accept_above) for each in self.shown]
        columns = ["image", "label", "suggested", "probability", "given", "given_probability", "split", "why"]
        with replacing(files[CORRECTIONS]) as partial:
            pd.DataFrame(lines, columns=None if lines else columns).to_csv(partial, index=False)
        write_json(files[FIGURES], self.to_dict())
        return files


def review_run(
    run: RunFolder | str | Path, options: ReviewOptions | None = None, progress: Progress | None = None
) -> Review:
    """Find the labels of a run's images that look wrong. Nothing is written, and no label is changed.

    Each image is judged by classifiers that have not seen it with its label. The labels of the test split are judged
    too, and nothing is learned or chosen by them.

    Args:
        run: Folder of a run.
        options: How it is done.
        progress: Receives how much is done.

    Returns:
        The review, whose `write` leaves review.html, corrections.csv and review.json in the run folder.

    Raises:
        ValueError: If the run has no images any more, one class, or images with several classes.

    Example:
        ::

            from imgcls import review_run

            found = review_run("runs/photos-1")
            found.write()
            print(found.errors.share())  # (0.03, 0.02, 0.04): estimate and 95 % interval
    """
    run, options, progress = RunFolder.of(run), options or ReviewOptions(), progress or Progress()
    manifest, problems = _reviewable(run)
    progress.doing("Comparing the images", 0)
    copies = find_copies(manifest)
    units = units_of(manifest, copies.groups)
    if options.retrain:
        run.require_model()
        seen = retrained(run, manifest, options.folds, progress)
    else:
        seen = with_heads(run, manifest, units, options.folds, progress)
    problems += _unread(manifest, seen)
    errors = _errors(manifest, seen, units)
    apart = _copies_apart(manifest, copies, seen)
    queue = candidates(errors, seen.rows, seen.features, apart, units[seen.rows.index].to_numpy())
    return Review(run, manifest, seen, errors, queue, problems, options)


def _reviewable(run: RunFolder) -> tuple[Manifest, list[tuple[str, str]]]:
    """The images that are there, and those that are not."""
    manifest = Manifest.load(run.manifest_file)
    if manifest.has_several_labels or run.config.is_multi_label:
        raise ValueError(
            f"The images of the run {run.path} have several classes each, which the review does not compare yet. It "
            "reads runs with one class an image."
        )
    usable, root = manifest.usable, manifest.root
    there = {image: (root / image).is_file() for image in usable["image"].unique()}
    known = usable["label"].isin(manifest.class_names)
    kept = usable[usable["image"].map(there) & known]
    if kept.empty:
        raise ValueError(
            f"None of the {counted(len(usable), 'image')} of the run {run.path} is there any more; expected them under "
            f"{root}. Bring the folder back to review its labels."
        )
    gone = [(image, "there is no such file any more") for image, is_there in there.items() if not is_there]
    strange = [(image, "no training image has its class") for image in usable.loc[~known, "image"]]
    return Manifest(kept, root), [*gone, *strange]


def _unread(manifest: Manifest, seen: OutOfSample) -> list[tuple[str, str]]:
    lost = manifest.usable.index.difference(seen.rows.index)
    return [(image, "it cannot be read any more") for image in manifest.usable.loc[lost, "image"]]


def _errors(manifest: Manifest, seen: OutOfSample, units: pd.Series) -> LabelErrors:
    """What looks wrong; of a class with one unit nothing is said, because no other image shows how it looks."""
    names = manifest.class_names
    index = {name: place for place, name in enumerate(names)}
    numbers = units_apart(seen.rows, units)
    alone = sorted(name for name in names if numbers.get(name, 0) < 2)
    if alone:
        log.warning(
            "Too few images to say whether the labels of %s are right: the others of a class show how it looks, and "
            "there are none.",
            ", ".join(map(repr, alone)),
        )
    labels = seen.rows["label"].map(index).to_numpy(int)
    return find_label_errors(
        labels,
        seen.probabilities,
        names,
        known=(seen.rows["split"] != "test").to_numpy(),
        judged=~seen.rows["label"].isin(alone).to_numpy(),
    )


def _copies_apart(manifest: Manifest, copies: Copies, seen: OutOfSample) -> Mapping[int, str]:
    """By place among the reviewed images, how its copies are labelled where they contradict each other."""
    places = {row: place for place, row in enumerate(seen.rows.index)}
    found: dict[int, str] = {}
    for finding in copy_findings(manifest, copies):
        if finding.kind in TWO_LABELS:
            found.update({places[row]: finding.why for row in finding.rows if row in places})
    return found
