"""Tables of predictions of several classifiers, brought to the same images in the same order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.prediction_table import PredictionTable

BOX = ["x_min", "y_min", "x_max", "y_max"]


@dataclass(frozen=True)
class Aligned:
    """Predictions of several classifiers for the same images.

    Attributes:
        names: Of the classifiers.
        tables: Of each one; row n is the same image in all, and the classes have the same order.
        sentences: What was left out, and why.
    """

    names: tuple[str, ...]
    tables: tuple[PredictionTable, ...]
    sentences: tuple[str, ...] = ()

    @property
    def first(self) -> PredictionTable:
        """The table of the first classifier: what it says of the images is true for all."""
        return self.tables[0]


def align(names: Sequence[str], tables: Sequence[PredictionTable]) -> Aligned:
    """Bring tables to the same images.

    An image that one of the classifiers could not read, or whose label differs, is left out for all.

    Args:
        names: Of the classifiers.
        tables: The predictions of each one.

    Raises:
        ValueError: If the classes differ, or if other images were judged.
    """
    for place in range(1, len(tables)):
        pair = (tables[0], tables[place])
        check_same_classes((names[0], names[place]), [table.class_names for table in pair])
        _check_same_kind((names[0], names[place]), pair)
        if not _share_a_split(*pair):
            part = str(tables[0].facts.get("split", "test"))
            unread = [len(table.problems) for table in pair]
            check_same_images((names[0], names[place]), [table.rows for table in pair], part, unread)
    keys = [_keys(table.rows) for table in tables]
    shared = every = keys[0]
    for other in keys[1:]:
        shared, every = shared[shared.isin(other)], every.union(other)
    ordered = [
        _in_order(table.take(own.get_indexer(shared)), tables[0]) for table, own in zip(tables, keys, strict=True)
    ]
    _check_contents(names, ordered)
    same = _same_labels(ordered)
    left_out = (len(every) - len(shared), int((~same).sum()))
    return Aligned(tuple(names), tuple(table.take(same) for table in ordered), tuple(_sentences(*left_out)))


def check_same_classes(names: Sequence[str], class_names: Sequence[Sequence[str]]) -> None:
    """Raise ValueError unless two classifiers have the same classes, in any order."""
    own, other = map(set, class_names)
    if own != other:
        sides = zip(names, (own - other, other - own), strict=True)
        only = [f"{who} alone knows {', '.join(sorted(what)[:5])}" for who, what in sides if what]
        raise ValueError(
            f"{names[0]} and {names[1]} have other classes, so they cannot be compared: {'; '.join(only)}. "
            "Compare runs that were trained with the same classes."
        )


def check_same_images(
    names: Sequence[str], rows: Sequence[pd.DataFrame], part: str, unread: Sequence[int] = (0, 0)
) -> None:
    """Raise ValueError unless two classifiers were judged on the same images.

    Args:
        names: Of the two.
        rows: Of a manifest, for each of the two.
        part: The split that they are.
        unread: How many images each one could not read, and so has no row of.
    """
    keys = [_keys(each) for each in rows]
    missing = [len(mine.difference(theirs)) for mine, theirs in (keys, keys[::-1])]
    if missing[0] > unread[1] or missing[1] > unread[0]:
        shared, kind = len(keys[0].intersection(keys[1])), "" if part == "all" else f"{part} "
        raise ValueError(
            f"{names[0]} and {names[1]} have other {kind}images, so they cannot be compared: {shared:,} of "
            f"{len(keys[0]):,} and {len(keys[1]):,} are in both. Compare runs that share their split, or judge both "
            "on images that neither has seen: --data FOLDER."
        )


def _share_a_split(one: PredictionTable, other: PredictionTable) -> bool:
    own, others = (tuple(table.facts.get(fact) for fact in ("split_hash", "split")) for table in (one, other))
    return own == others and bool(own[0])


def _check_same_kind(names: Sequence[str], tables: Sequence[PredictionTable]) -> None:
    if tables[0].is_multi_label != tables[1].is_multi_label:
        several = names[int(tables[1].is_multi_label)]
        raise ValueError(
            f"{names[0]} and {names[1]} cannot be compared: {several} alone gives an image several classes."
        )


def _keys(rows: pd.DataFrame) -> pd.Index:
    """Which example each row is: the image, and the part of it."""
    if not set(BOX) <= set(rows.columns):
        return pd.Index(rows["image"])
    boxes = rows[BOX].to_numpy(float).tolist()
    return pd.Index([f"{image}\t{box}" for image, box in zip(rows["image"], boxes, strict=True)])


def _in_order(table: PredictionTable, model: PredictionTable) -> PredictionTable:
    """The table with its classes in the order of the other one."""
    if list(table.class_names) == list(model.class_names):
        return table
    order = [list(table.class_names).index(name) for name in model.class_names]
    logits = None if table.logits is None else table.logits[:, order]
    return replace(table, class_names=model.class_names, probabilities=table.probabilities[:, order], logits=logits)


def _check_contents(names: Sequence[str], tables: Sequence[PredictionTable]) -> None:
    """Raise ValueError if files of the same name are other images."""
    if not all("sha256" in table.rows for table in tables):
        return
    first = tables[0].rows["sha256"].to_numpy()
    for name, table in zip(names[1:], tables[1:], strict=True):
        own = table.rows["sha256"].to_numpy()
        other = (first != own) & (first != "") & (own != "")
        if other.any():
            example = tables[0].rows["image"].iloc[int(other.argmax())]
            raise ValueError(
                f"{counted(int(other.sum()), 'image')} of {names[0]} and {name} have the same name and another "
                f"content, first {example}. Compare runs that were judged on the same files."
            )


def _same_labels(tables: Sequence[PredictionTable]) -> np.ndarray:
    same = np.ones(len(tables[0]), bool)
    for table in tables[1:]:
        same &= (table.targets == tables[0].targets).all(axis=1)
    return same


def _sentences(unread: int, relabelled: int) -> list[str]:
    said = []
    if unread:
        said.append(f"Left out for all: {counted(unread, 'image')} that could not be read in one of the runs.")
    if relabelled:
        said.append(f"Left out for all: {counted(relabelled, 'image')} that have another label in one of the runs.")
    return said
