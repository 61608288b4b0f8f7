"""Findings about classes: their numbers and their names."""

import re
from collections.abc import Iterator

import pandas as pd

from imgcls.data.audit.findings import Finding
from imgcls.data.manifest.table import SPLITS, Manifest

FEWEST = 4  # examples: two for training, and one each for validation and test
FEW = 20  # examples
LARGEST_IMBALANCE = 10.0  # examples of the largest class by those of the smallest


def class_findings(manifest: Manifest) -> Iterator[Finding]:
    """Classes that are missing in a split, too small, very different in size, or named alike."""
    examples = manifest.usable.explode("labels")
    counts = examples["labels"].value_counts()
    yield from _lacking(examples)
    divided = set(SPLITS) <= set(examples["split"])
    for label, count in counts.sort_index().items():
        if count < FEWEST and not divided:
            yield Finding("too few for a class", (), f"{label!r} has {count}; expected at least {FEWEST} to divide")
        elif count < FEW:
            yield Finding("few examples", (), f"{label!r} has {count}; expected at least {FEW}")
    if len(counts) and counts.iloc[0] > LARGEST_IMBALANCE * counts.iloc[-1]:
        largest, smallest = (f"{counts.iloc[place]:,} of {counts.index[place]!r}" for place in (0, -1))
        ratio = counts.iloc[0] / counts.iloc[-1]
        yield Finding("imbalance", (), f"{ratio:,.0f} to 1: {largest}, {smallest}")
    for names in names_alike(counts).values():
        listed = " and ".join(f"{name!r} ({counts[name]:,})" for name in names)
        rows = examples.index[examples["labels"].isin(names)].unique()
        yield Finding("names alike", (), listed, tuple(rows), tuple(names))


def names_alike(counts: pd.Series) -> dict[str, list[str]]:
    """Class names that differ by case, spaces, hyphens or underscores only.

    Args:
        counts: Examples by name.

    Returns:
        The names that are alike, the most frequent first, by what they have in common.
    """
    alike: dict[str, list[str]] = {}
    for name in sorted(counts.index, key=lambda name: (-counts[name], name)):
        alike.setdefault(re.sub(r"[\s_-]+", "", name).casefold(), []).append(name)
    return {key: names for key, names in alike.items() if len(names) > 1}


def _lacking(examples: pd.DataFrame) -> Iterator[Finding]:
    examples = examples[examples["labels"].notna()]  # those of none of the classes
    names = set(examples["labels"])
    for split in SPLITS:
        present = set(examples["labels"][examples["split"] == split])
        for label in sorted(names - present) if present else ():
            yield Finding("class not in a split", (), f"{label!r} has no usable image in the {split} split")
