"""The commonest reasons of a problems table, in few words."""

import re
from collections.abc import Iterator

import pandas as pd

from imgcls.counted import counted

ADVICE = {  # phrase of a reason: what to do about it
    "several classes": "Say with --boxes what an example is: crop cuts out each box, largest takes the largest box, "
    "multi_label keeps all classes.",
    "equally large in it": "With --boxes crop each box is an example of its own.",
    "is smaller than": "--min-box-side takes smaller boxes as well.",
    "is an address": "--fetch-to fetches images from their addresses.",
    "there is no image": "Name the folder that the images lie in with --images.",
    "no image of this name": "Name the folder that the images lie in with --images.",
    "undecided between": "--consensus majority_then_skill settles ties by the annotators' skill.",
}
CLASSES_ELSEWHERE = "has the classes of its images"  # part of a remark: another file says what this one does not
PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d.,]*")  # what differs between two sentences of one reason


def commonest(problems: pd.DataFrame) -> Iterator[str]:
    """The reasons of a problems table, the commonest first.

    Args:
        problems: With the columns file, line and reason.

    Yields:
        A sentence for each reason, such as "12 things (a.png and others): ...".
    """
    kinds = problems["reason"].map(_kind)
    counts = kinds.value_counts()
    for kind in sorted(counts.index, key=lambda kind: (-counts[kind], kind not in ADVICE)):
        rows = problems[kinds == kind]
        first = rows.iloc[0]
        where = ", ".join(part for part in (first["file"], first["line"]) if part)
        others = " and others" if len(rows) > 1 and where else ""
        place = f" ({where}{others})" if where else ""
        yield f"{counted(len(rows), 'thing')}{place}: {first['reason']}"


def advice_for(sentence: str) -> str:
    """The advice that goes with a reason, in a sentence; empty if there is none."""
    return next((advice for phrase, advice in ADVICE.items() if phrase in sentence), "")


def _kind(reason: str) -> str:
    return next((phrase for phrase in ADVICE if phrase in reason), PARTICULAR.sub("…", reason))
