"""A manifest without what the audit found wrong, and a table of what was left out or changed. No file is touched."""

from collections.abc import Iterable

import pandas as pd

from imgcls.data.audit.classes import names_alike
from imgcls.data.audit.copies import examples_with_two_labels
from imgcls.data.audit.examples import cut_boxes
from imgcls.data.manifest.table import SPLITS, Manifest
from imgcls.labels.records import BOX

Effect = tuple[str, str, str, str]  # image, label, effect and reason


def clean(manifest: Manifest, copies: pd.Series) -> tuple[Manifest, pd.DataFrame]:
    """Remove what the audit found wrong. No file is changed.

    Left out are rows with a problem, empty boxes, all copies of an image that has two labels, and all other copies but
    one: the one in the test split, else in the validation split, else the largest image. Class names that differ by
        case or
    spaces become the most frequent one, and boxes are cut at the edges of their image. Images that only look bad (dark,
    blurred, of an odd size) stay, and so do mirrored or rotated copies with different labels.

    Args:
        manifest: The manifest.
        copies: The group of each row, as `near_duplicate_groups` gives it.

    Returns:
        The cleaned manifest, and a table with the columns image, label, effect ("left out", "changed") and reason.
    """
    effects: list[Effect] = []
    table = manifest.table.copy()

    def leave_out(rows: pd.DataFrame, reasons: Iterable[str]) -> pd.DataFrame:
        effects.extend(zip(rows["image"], rows["label"], ["left out"] * len(rows), reasons, strict=True))
        return table.drop(rows.index)

    broken = table[table["problems"] != ""]
    table = leave_out(broken, broken["problems"])
    table = _with_one_name_each(table, effects)
    table = _with_cut_boxes(table, effects)
    empty = table[(table["x_max"] <= table["x_min"]) | (table["y_max"] <= table["y_min"])]
    table = leave_out(empty, ["its box is empty"] * len(empty))
    contradicted = _contradicted(table, copies)
    table = leave_out(contradicted, ["the same image has another label too"] * len(contradicted))
    surplus = _surplus(table, copies)
    table = leave_out(table.loc[surplus.index], surplus)
    left = Manifest(table.reset_index(drop=True), manifest.root)
    return left, pd.DataFrame(effects, columns=["image", "label", "effect", "reason"])


def _with_one_name_each(table: pd.DataFrame, effects: list[Effect]) -> pd.DataFrame:
    alike = names_alike(table["labels"].explode().value_counts())
    new_names = {name: names[0] for names in alike.values() for name in names[1:]}
    changed = table["labels"].map(lambda labels: any(name in new_names for name in labels))
    for row in table[changed].itertuples():
        effects.append(
            (row.image, row.label, "changed", f"its class is called {new_names.get(row.label, row.label)!r}")
        )
    labels = [list(dict.fromkeys(new_names.get(name, name) for name in labels)) for labels in table["labels"]]
    return table.assign(labels=labels, label=table["label"].map(lambda name: new_names.get(name, name)))


def _with_cut_boxes(table: pd.DataFrame, effects: list[Effect]) -> pd.DataFrame:
    boxed = table[table[BOX].notna().all(axis=1)]
    cut = cut_boxes(boxed)
    for row in boxed[(boxed[BOX] != cut).any(axis=1)].itertuples():
        effects.append((row.image, row.label, "changed", "its box is cut at the edge of the image"))
    table.loc[boxed.index, BOX] = cut
    return table


def _contradicted(table: pd.DataFrame, copies: pd.Series) -> pd.DataFrame:
    groups = copies[table.index]
    shared = table[groups.duplicated(keep=False)]
    found = [table.iloc[:0]]
    for _, rows in shared.groupby(groups[shared.index]):
        found += examples_with_two_labels(rows)
    return pd.concat(found)


def _surplus(table: pd.DataFrame, copies: pd.Series) -> pd.Series:
    """Why a row is left out, of the rows of each group but those of the file that is kept."""
    files = table.drop_duplicates("image")
    locked = files["split"].map({split: -place for place, split in enumerate(SPLITS)}).fillna(0)
    order = files.assign(locked=locked, area=-files["width"] * files["height"], group=copies[files.index])
    order = order.sort_values(["locked", "area", "image"])
    kept = order.drop_duplicates("group").set_index("group")["image"]
    kept = copies[table.index].map(kept)
    surplus = kept != table["image"]
    return ("a copy of " + kept)[surplus]
