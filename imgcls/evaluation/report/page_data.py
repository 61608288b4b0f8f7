"""The images of a report as its script reads them: columns of numbers, file names, and small images."""

import base64
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from imgcls.evaluation.pages.thumbnails import packed_thumbnails
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.answers import Answers
from imgcls.evaluation.report.neighbours import Neighbours, nearest_training_images

MOST_ROWS = 20_000  # images that the page knows by name
MOST_BYTES = 6_500_000  # of all small images in base64
MOST_NEIGHBOUR_BYTES = 3_000_000  # of those of training images
MOST_WITH_NEIGHBOURS = 400  # mistakes that are shown beside training images, the surest first
NEIGHBOURS = 5  # of each of them
LIKELIEST = 5  # classes of which the page has probabilities
STEPS = 65_535  # of a probability: the page keeps it in 16 bits
MOST_VALUES = 12  # of a column, above which the images cannot be chosen by it
THIRDS = {"width": "width", "height": "height", "brightness_99": "brightness", "sharpness": "sharpness"}
KINDS = ("format", "grayscale", "source", "group", "traits")  # columns that the images can be chosen by


@dataclass(frozen=True)
class PageData:
    """What the script of a report reads.

    Attributes:
        values: Columns and names, as JSON has them.
        thumbnails: WebP files in base64, to which the values point.
        images: How many images were judged.
        rows: How many of them the page knows by name.
        shown: How many of them it has a small image of.
        mistakes: How many of the judged images are mistakes.
        shown_mistakes: How many of those it has a small image of.
    """

    values: Mapping[str, Any]
    thumbnails: Sequence[str]
    images: int
    rows: int
    shown: int
    mistakes: int
    shown_mistakes: int


def page_data(table: PredictionTable, training: PredictionTable | None = None) -> PageData:
    """Choose and pack what a report shows of its images: mistakes first, the surest before the others.

    Args:
        table: The judged images.
        training: The training images, to show the nearest ones beside the mistakes; None where they are not known.
    """
    answers = Answers(table)
    order = by_importance(answers)[:MOST_ROWS]
    kept, right = table.take(order), answers.right[order]
    packed = packed_thumbnails(kept.paths(), kept.boxes(), MOST_BYTES)
    store = _Store()
    places = store.add({place: image for place, image in packed.items() if image}, len(kept))
    nearest = _nearest(kept, right, places, training, store)
    values = {**_columns(kept, answers, order), "thumbnail": _packed(places, np.int32), **nearest}
    return PageData(
        values=values,
        thumbnails=store.images,
        images=len(table),
        rows=len(kept),
        shown=int((places >= 0).sum()),
        mistakes=int((~answers.right).sum()),
        shown_mistakes=int(((places >= 0) & ~right).sum()),
    )


def by_importance(answers: Answers) -> np.ndarray:
    """The images in the order in which there is room for them: (N,).

    Mistakes come first, the surest before the others; then the right ones, a class after the other in turn, of each
    first the least sure, which are the most telling.
    """
    confidence, table = answers.confidence, answers.table
    wrong = np.flatnonzero(~answers.right)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    right = np.flatnonzero(answers.right)
    right = right[np.argsort(confidence[right], kind="stable")]
    turn = pd.Series(right).groupby(table.predicted[right]).cumcount().to_numpy()
    return np.concatenate([wrong, right[np.argsort(turn, kind="stable")]])


def as_json(values: object) -> str:
    """Values as JSON that may stand inside a script element: it holds no "<"."""
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


@dataclass
class _Store:
    """Small images, each of which has a number."""

    images: list[str] = field(default_factory=list)

    def add(self, images: Mapping[int, str], count: int) -> np.ndarray:
        """The number of each of `count` images; -1 for one that is not among those that are added."""
        numbers = np.full(count, -1)
        for place, image in images.items():
            numbers[place] = len(self.images)
            self.images.append(image)
        return numbers


def _columns(kept: PredictionTable, answers: Answers, order: np.ndarray) -> dict[str, Any]:
    """The facts of each image, a column each."""
    likeliest = np.argsort(-kept.probabilities, axis=1, kind="stable")[:, :LIKELIEST]
    probabilities = np.take_along_axis(kept.probabilities, likeliest, 1)
    return {
        "names": list(kept.class_names),
        "count": len(kept),
        "several": kept.is_multi_label,
        "files": [str(image) for image in kept.rows["image"]],
        "likeliest": likeliest.shape[1],
        "classes": _packed(likeliest, np.uint16),
        "probabilities": _packed(np.round(STEPS * probabilities), np.uint16),
        "confidence": _packed(np.round(STEPS * answers.confidence[order]), np.uint16),
        "loss": _packed(answers.losses[order], np.float32),
        "right": _packed(answers.right[order], np.uint8),
        "truth": _lists(kept.targets),
        "answer": _lists(answers.given[order]),
        "properties": _properties(kept.rows),
        "confusions": [number for each in answers.confusions() for number in each],
        "found": [int(count) for count in answers.found],
        "support": [int(count) for count in answers.support],
    }


def _lists(chosen: np.ndarray) -> dict[str, str]:
    """Some classes of each image (N, K), bool, as one list and the place where each image's begin."""
    starts = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
    return {"starts": _packed(starts, np.uint32), "classes": _packed(np.nonzero(chosen)[1], np.uint16)}


def _packed(values: np.ndarray, kind: type[np.generic]) -> str:
    """Numbers in base64, the low byte first."""
    little = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()


def _properties(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """What the images can be chosen by besides their classes: a name, the values, and which each image has."""
    found = [_kinds(column, rows[column]) for column in KINDS if column in rows]
    found += [_folders(rows["image"])]
    found += [_thirds(title, rows[column]) for column, title in THIRDS.items() if column in rows]
    return [each for each in found if each is not None]


def _folders(images: pd.Series) -> dict[str, Any] | None:
    return _kinds("folder", images.map(lambda image: PurePath(str(image)).parent.as_posix()))


def _kinds(name: str, values: pd.Series) -> dict[str, Any] | None:
    """A column of few values."""
    texts = values.map({True: "gray", False: "in colour"} if name == "grayscale" else str).fillna("")
    codes, kinds = pd.factorize(texts, sort=True)
    if not 2 <= len(kinds) <= MOST_VALUES:
        return None
    title = "colour" if name == "grayscale" else name
    return {"name": title, "values": [kind or "none" for kind in kinds], "codes": _packed(codes, np.uint8)}


def _thirds(name: str, values: pd.Series) -> dict[str, Any] | None:
    """A column of numbers in three parts of as many images each."""
    numbers = values.to_numpy(float)
    known = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(known, (0, 1 / 3, 2 / 3, 1))) if len(known) else np.zeros(0)
    if len(edges) < 3:
        return None
    codes = np.where(np.isfinite(numbers), np.searchsorted(edges[1:-1], numbers), len(edges) - 1)
    names = [f"{low:.3g} to {high:.3g}" for low, high in itertools.pairwise(edges)]
    return {"name": name, "values": [*names, "not measured"], "codes": _packed(codes, np.uint8)}


def _nearest(
    kept: PredictionTable, right: np.ndarray, places: np.ndarray, training: PredictionTable | None, store: _Store
) -> dict[str, Any]:
    """The nearest training images of the surest mistakes, each of which is packed once."""
    wrong = np.flatnonzero(~right & (places >= 0))[:MOST_WITH_NEIGHBOURS]
    if training is None or kept.embeddings is None or training.embeddings is None or not len(wrong):
        return {"neighbours": None}
    found: Neighbours = nearest_training_images(kept.take(wrong), training, NEIGHBOURS)
    used, first, which = np.unique(found.places, return_index=True, return_inverse=True)
    order = np.argsort(first)  # those of the surest mistakes come first
    near = training.take(used[order])
    packed = packed_thumbnails(near.paths(), near.boxes(), MOST_NEIGHBOUR_BYTES)
    numbers = store.add({place: image for place, image in packed.items() if image}, len(near))
    places_of = np.argsort(order)[which].reshape(found.places.shape)
    return {
        "neighbours": {
            "each": found.places.shape[1],
            "images": _packed(wrong, np.uint32),
            "places": _packed(places_of, np.uint32),
            "similarities": _packed(np.round(STEPS * np.clip(found.similarities, 0, 1)), np.uint16),
            "files": [str(image) for image in near.rows["image"]],
            "labels": [", ".join(labels) for labels in _labels(near)],
            "thumbnail": _packed(numbers, np.int32),
        }
    }


def _labels(table: PredictionTable) -> list[list[str]]:
    several = table.rows["labels"] if table.is_multi_label else ([label] for label in table.rows["label"])
    return [list(labels) for labels in several]
