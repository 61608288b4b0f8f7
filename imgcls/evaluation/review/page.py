"""The pages on which a person decides on labels, image by image: one HTML file each, with everything inside."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.pages.page import write_page
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.evaluation.review.review import BOX, IS_DOUBTFUL, Candidate

LARGE, SMALL = 192, 76  # pixels of the longest side: of the image in question, and of those beside it


class Thumbnails:
    """Thumbnails of one page, each once however often it is shown.

    Args:
        paths: Of the files.
        boxes: (files, 4), as `Manifest.boxes` gives them, or None.
    """

    def __init__(self, paths: Sequence[Path], boxes: Any = None) -> None:
        self.paths, self.boxes = paths, boxes
        self.addresses: list[str] = []
        self._numbers: dict[tuple[int, int], int] = {}

    def number(self, place: int, side: int) -> int:
        """The number of an image's thumbnail among `addresses`."""
        if (place, side) not in self._numbers:
            box = None if self.boxes is None else self.boxes[place]
            self._numbers[place, side] = len(self.addresses)
            self.addresses.append(thumbnail(self.paths[place], box, side))
        return self._numbers[place, side]


def write_review_page(
    path: Path, figures: Mapping[str, Any], shown: Sequence[Candidate], manifest: Manifest, rows: pd.DataFrame
) -> None:
    """Write the page of a review.

    Args:
        path: The HTML file.
        figures: As review.json holds them.
        shown: The images in question, the most doubtful label first.
        manifest: Where they are from.
        rows: The rows that the places of the candidates mean.

    Raises:
        OSError: The file cannot be written.
    """
    pictures = Thumbnails([manifest.root / image for image in rows["image"]], manifest.boxes(rows))
    items = [_item(each, pictures, rows) for each in shown]
    _write(
        path,
        {
            "kind": "review",
            "title": f"Labels of {figures['run']}",
            "sentences": review_sentences(figures),
            "classes": list(manifest.class_names),
            "items": items,
            "thumbnails": pictures.addresses,
            "file": "corrections.csv",
            "then": train_corrected(path.parent, "corrections.csv", f"{figures['run']}-corrected"),
        },
    )


def train_corrected(run: str | Path, corrections: str | Path, name: str = "") -> str:
    """The line to type that trains a run again, on its own splits, with the labels that a person has corrected.

    Args:
        run: Its folder.
        corrections: The overlay.
        name: Of the new run; empty: it gets one by its data and its network.
    """
    named = ("--name", name) if name else ()
    data = f"{run}/manifest.parquet"
    return command_line("train", "--config", f"{run}/config.toml", "--data", data, "--overlay", corrections, *named)


def review_sentences(figures: Mapping[str, Any]) -> list[str]:
    """What a review found, in words."""
    wrong, judged, share = figures["looks_wrong"], figures["judged"], figures["share"]
    if share is None:
        found = f"{counted(wrong, 'label')} of {judged:,} look wrong; these are too few images to estimate a share."
    else:
        found = (
            f"Of {counted(judged, 'label')}, {wrong:,} look wrong: {100 * share['estimate']:.1f} % (95 % interval "
            f"{100 * share['low']:.1f} to {100 * share['high']:.1f} %)."
        )
    if wrong:
        found += " Classes that are easily confused count as wrong too, so the true share is rather lower."
    sentences = [found, f"Each image was judged by classifiers that have not seen it: {figures['how']}."]
    if figures["accuracy"] is not None:
        sentences.append(f"These agree with {100 * figures['accuracy']:.1f} % of the labels outside the test.")
    if copies := figures["copies_with_two_labels"]:
        sentences.append(f"{counted(copies, 'image')} come first whose copies have another label.")
    if doubtful := sum(each["why"] == IS_DOUBTFUL for each in figures.get("queue", ())):
        sentences.append(
            f"Of the images to look at, {doubtful:,} {'is' if doubtful == 1 else 'are'} only doubtful: another class "
            "is likelier, but not surely enough to look wrong."
        )
    sentences.append(
        "No label of the test split was used to find any of this. Change one only where it is plainly wrong: the "
        "classifier is judged by them."
    )
    return sentences


def write_queue_page(
    path: Path, title: str, sentences: Sequence[str], class_names: Sequence[str], images: Sequence[Mapping[str, Any]]
) -> None:
    """Write the page on which images without labels get one.

    Args:
        path: The HTML file.
        title: Its heading.
        sentences: Below it.
        class_names: The classes that can be chosen.
        images: The most useful one first, each with path, name, choices as (class, probability), and why.

    Raises:
        OSError: The file cannot be written.
    """
    pictures = Thumbnails([image["path"] for image in images])
    items = [
        {
            "image": image["name"],
            "box": None,
            "given": None,
            "split": "",
            "why": image["why"],
            "large": pictures.number(place, LARGE),
            "choices": [{"label": name, "probability": share} for name, share in image["choices"]],
            "near": [],
        }
        for place, image in enumerate(images)
    ]
    page = {"kind": "queue", "title": title, "sentences": list(sentences), "classes": list(class_names)}
    _write(path, {**page, "items": items, "thumbnails": pictures.addresses, "file": "labels.csv", "then": ""})


def _item(candidate: Candidate, pictures: Thumbnails, rows: pd.DataFrame) -> dict[str, Any]:
    row, names = candidate.row, rows["image"]
    choices = {candidate.suggested: candidate.probability, candidate.given: candidate.given_probability}
    return {
        "image": row["image"],
        "box": None if row[BOX].isna().any() else [float(row[name]) for name in BOX],
        "given": candidate.given,
        "split": row["split"],
        "why": candidate.why,
        "large": pictures.number(candidate.place, LARGE),
        "choices": [{"label": name, "probability": share} for name, share in choices.items()],
        "near": [
            {"label": label, "images": [[pictures.number(near, SMALL), names.iloc[near]] for near in places]}
            for label, places in candidate.neighbours.items()
        ],
    }


def _write(path: Path, page: dict[str, Any]) -> None:
    """Write a page. Decisions are kept in the browser under a key of these images and labels."""
    named = json.dumps([page["title"], [[each["image"], each["box"], each["given"]] for each in page["items"]]])
    key = f"imgcls-{hashlib.sha256(named.encode()).hexdigest()[:16]}"
    write_page(path, "review/review.html", {"page": {**page, "key": key}})
