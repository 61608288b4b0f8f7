"""What a page says of one image: classes, none of them, "not sure", or that the model was never shown the like."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
from projects.threshold import is_sure
from projects.wording import in_words

NOT_SURE, NONE_OF_THESE = "not sure", "none of these"  # decisions of a classifier's own judgement
UNLIKE, NO_CLASS = "unlike anything it was trained on", "none of the classes"
WAITS, NAMED, UNSURE, NONE, STRANGE, UNREADABLE = "waits", "named", "not sure", "none", "unlike", "unreadable"  # kinds
TITLES = {
    NAMED: "Named",
    UNSURE: "Not sure",
    NONE: "None of the classes",
    STRANGE: "Unlike the training images",
    UNREADABLE: "Cannot be read",
    WAITS: "Waiting",
}


class Said(NamedTuple):
    """What is said of an image.

    Attributes:
        kind: One of `TITLES`.
        text: The class, or a few words in its place.
    """

    kind: str
    text: str


def said_of(row: Mapping[str, object], threshold: float) -> Said:
    """What is said of an image.

    Args:
        row: As `projects.answers` keeps it.
        threshold: Probability from which on a class is named, in [0, 1].
    """
    if row["waits"]:
        return Said(WAITS, "waiting")
    if row["problem"]:
        return Said(UNREADABLE, in_words(str(row["problem"])))
    if row["decision"] == NONE_OF_THESE:
        return Said(STRANGE, UNLIKE)
    if row["several"]:
        if not len(row["labels"]):
            return Said(NONE, NO_CLASS)
        sure = _sure_labels(row, threshold)
        return Said(NAMED, ", ".join(sure)) if sure else Said(UNSURE, NOT_SURE)
    if row["decision"] == NOT_SURE or not is_sure(row["probabilities"][0], threshold):
        return Said(UNSURE, NOT_SURE)
    return Said(NAMED, str(row["classes"][0]))


def _sure_labels(row: Mapping, threshold: float) -> list[str]:
    """Of several classes those that are sure enough; of one that is not among the likeliest no probability is kept."""
    chances = dict(zip(row["classes"], row["probabilities"], strict=True))
    return [name for name in row["labels"] if is_sure(chances.get(name, threshold), threshold)]


def kinds_of(table: pd.DataFrame, threshold: float) -> list[Said]:
    """What is said of every image of an answer."""
    return [said_of(row, threshold) for row in table.to_dict("records")]


def as_table(table: pd.DataFrame, threshold: float, top: int = 3) -> pd.DataFrame:
    """The answers as a table for people: image, answer, the likeliest classes with their probabilities, how unlike the
    training images it is, problem."""
    said = kinds_of(table, threshold)
    columns = {
        "image": list(table["image"]),
        "answer": ["" if each.kind in (UNREADABLE, WAITS) else each.text for each in said],
    }
    for place in range(top):
        ending = f" {place + 1}" if place else ""
        columns[f"class{ending}"] = [_at(names, place, "") for names in table["classes"]]
        columns[f"probability{ending}"] = [_at(values, place, float("nan")) for values in table["probabilities"]]
    columns["how unlike the training images"] = [score + 0.0 for score in table["unknown_score"]]  # -0.0 becomes 0.0
    columns["problem"] = [in_words(str(problem)) for problem in table["problem"]]
    return pd.DataFrame(columns)


def _at(values: object, place: int, otherwise: object) -> object:
    return values[place] if place < len(values) else otherwise
