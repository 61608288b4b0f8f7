"""Decisions become a version of the data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX, LABELLED_BOX
from projects.changed_since import up_to_date
from projects.decisions import ASIDE, Decision, held, put_away, unsaved
from projects.lineage import standing_in
from projects.moved_rows import GONE, moved_rows
from projects.project import Project
from projects.versions import (
    OF_PEOPLE,
    SET_ASIDE,
    add_version,
    current_number,
    manifest_of,
    whole_manifest_of,
)


@dataclass(frozen=True)
class Saved:
    """What became of decisions.

    Attributes:
        images: How many were labelled or left out.
        overtaken: How many somebody changed, which the page of the decision did not show yet, and that stay so.
    """

    images: int
    overtaken: int


def save_decisions(project: Project, who: str = "") -> Saved:
    """Make one new version of all decisions that are not in the data yet.

    Raises:
        ValueError: Somebody changed the data in this moment; nothing is lost, and it can be tried again.
    """
    with held(project):
        number = current_number(project)
        last = unsaved_rows(project)
        kept = up_to_date(project, last, number) if last else {}
        if kept:
            changed = folded(whole_manifest_of(project, number), kept)
            add_version(project, changed, _what(list(kept.values())), number, who)
        put_away(project)
    return Saved(len(kept), len(last) - len(kept))


def unsaved_rows(project: Project) -> dict[int, Decision]:
    """The last decision about each image that is not in the data yet, by the number of its row."""
    decisions = unsaved(project)
    return last_of_each_row(project, decisions, current_number(project)) if decisions else {}


def last_of_each_row(project: Project, decisions: Sequence[Decision], version: int) -> dict[int, Decision]:
    """The last decision about each image, by the number of its row in a version; without images that are gone."""
    return {row: mine[-1] for row, mine in decisions_of_each_row(project, decisions, version).items()}


def decisions_of_each_row(project: Project, decisions: Sequence[Decision], version: int) -> dict[int, list[Decision]]:
    """The decisions about each image, in their order, by the number of its row; the image that was decided on last is
    the last one."""
    found: dict[int, list[Decision]] = {}
    place: dict[tuple[int, int], int] = {}
    for made_of in {each.version for each in decisions}:
        rows = np.array([each.row for each in decisions if each.version == made_of], int)
        before = version if made_of == version else standing_in(project, made_of)
        if before:
            moved = moved_rows(rows, manifest_of(project, before), manifest_of(project, version))
        else:
            moved = np.full(len(rows), GONE)
        place |= {(made_of, int(row)): int(now) for row, now in zip(rows, moved, strict=True)}
    for each in decisions:
        row = place[each.version, each.row]
        if row != GONE:
            found[row] = [*found.pop(row, []), each]
    return found


def folded(manifest: Manifest, decisions: dict[int, Decision]) -> Manifest:
    """The images and labels with decisions applied, by the number of the row."""
    table = manifest.table.copy()
    aside = [row for row, each in decisions.items() if each.act == ASIDE]
    named = {row: each for row, each in decisions.items() if each.act != ASIDE}
    _set_problems(table, aside, SET_ASIDE)
    _set_problems(table, list(named), "")
    rows = list(named)
    table.loc[rows, "label"] = [each.labels[0] if each.labels else "" for each in named.values()]
    labels = table["labels"].to_numpy(copy=True)
    for place, each in zip(table.index.get_indexer(rows), named.values(), strict=True):
        labels[place] = list(each.labels)
    table["labels"] = pd.Series(labels, table.index, dtype=object)
    table.loc[rows, "agreement"] = np.nan
    table.loc[rows, "annotators"] = [_with(table.at[row, "annotators"], each.who) for row, each in named.items()]
    boxed = {row: each.box or [np.nan] * 4 for row, each in named.items() if each.box is not None}
    if boxed:
        table.loc[list(boxed), BOX] = np.array(list(boxed.values()), float)
        table.loc[list(boxed), LABELLED_BOX] = np.nan  # the box that was drawn is the label
    return Manifest(table, manifest.root)


def _set_problems(table: pd.DataFrame, rows: list[int], problem: str) -> None:
    touched = table.index.isin(rows) & table["problems"].isin(OF_PEOPLE)
    table.loc[touched, "problems"] = problem


def _with(annotators: str, who: str) -> str:
    """Names with commas between, and one more."""
    names = [name for name in annotators.split(",") if name]
    who = who.replace(",", " ")
    return ",".join(names if who in ("", *names) else [*names, who])


def _what(decisions: Sequence[Decision]) -> str:
    aside = sum(each.act == ASIDE for each in decisions)
    named = len(decisions) - aside
    counts = {"labelled": named, "left out": aside}
    return ", ".join(f"{counted(count, 'image')} {what}" for what, count in counts.items() if count)
