"""What became of images between the decision about them and now, when it is put into the data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from imgcls.data.manifest.table import Manifest
from projects.decisions import ASIDE, Decision, saved
from projects.edits import all_classes
from projects.lineage import lineage
from projects.moved_rows import GONE, moved_rows
from projects.project import Project
from projects.versions import SET_ASIDE, file_of_version, manifest_of


def up_to_date(project: Project, decisions: Mapping[int, Decision], version: int) -> dict[int, Decision]:
    """The decisions that still hold, with the names that their classes have now.

    Where somebody changed the label of an image, or left it out, in a version that the page of the decision did not
    show yet, that holds and not the decision. What the same page decided before is known there. A class that was
    renamed or merged since has its new name.

    Args:
        project: The project.
        decisions: The last one about each image, by the number of its row in the version.
        version: That they are to be put into.
    """
    kept: dict[int, Decision] = {}
    now = manifest_of(project, version)
    for number, mine in _by_version(project, decisions, version).items():
        if number == version:
            kept |= mine
            continue
        before, known = manifest_of(project, number), _by_page(mine.values(), saved(project))
        rows = np.array(list(mine), int)
        places = moved_rows(rows, now, before)
        names = _new_names(before, now)
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            own = (_made(each, now, row, names) for each in [mine[row], *known.get(_where(mine[row]), [])])
            if place == GONE or _state(before, place, names) == _state(now, row, {}) or any(own):
                labels = [names.get(name, name) for name in mine[row].labels]
                kept[row] = replace(mine[row], labels=list(dict.fromkeys(labels)))
    return {row: kept[row] for row in decisions if row in kept}


def _by_version(project: Project, decisions: Mapping[int, Decision], version: int) -> dict[int, dict[int, Decision]]:
    """Decisions by the version that their page showed; by the one that was there when they were made, if this one was
    not made of that."""
    line = [one for one in lineage(project, version) if file_of_version(project, one.number).is_file()]
    kept = {one.number for one in line}
    found: dict[int, dict[int, Decision]] = defaultdict(dict)
    for row, each in decisions.items():
        there = next((one.number for one in line if one.when <= each.when), version)
        seen = each.version if each.version in kept else there
        found[seen][row] = each
    return found


def _by_page(decisions: Iterable[Decision], before: Iterable[Decision]) -> dict[tuple[str, int, int], list[Decision]]:
    """What was decided before by the same page about the same image."""
    wanted = {_where(each) for each in decisions}
    found: dict[tuple[str, int, int], list[Decision]] = defaultdict(list)
    for each in before:
        if (where := _where(each)) in wanted:
            found[where].append(each)
    return found


def _where(decision: Decision) -> tuple[str, int, int]:
    """The page that a decision was made on, as the beginning of its id says it, and the image."""
    return decision.id.rpartition("-")[0], decision.version, decision.row


def _made(decision: Decision, manifest: Manifest, row: int, names: Mapping[str, str]) -> bool:
    """Whether an image is as a decision wants it."""
    problem, labels = _state(manifest, row, {})
    if decision.act == ASIDE:
        return problem == SET_ASIDE
    return problem == "" and set(labels) == {names.get(name, name) for name in decision.labels}


def _state(manifest: Manifest, row: int, names: Mapping[str, str]) -> tuple[str, list[str]]:
    labels = [names.get(name, name) for name in manifest.table["labels"].iat[row]]
    return manifest.table["problems"].iat[row], list(dict.fromkeys(labels))


def _new_names(before: Manifest, now: Manifest) -> dict[str, str]:
    """The classes that are gone, with what all their images have in their place."""
    gone = set(all_classes(before)) - set(all_classes(now))
    return {name: new for name in gone if (new := _new_name(name, before, now))}


def _new_name(name: str, before: Manifest, now: Manifest) -> str:
    having = np.flatnonzero([name in labels for labels in before.table["labels"]])
    places = moved_rows(having, before, now)
    came = [
        set(now.table["labels"].iat[place]) - set(before.table["labels"].iat[row])
        for row, place in zip(having.tolist(), places.tolist(), strict=True)
        if place != GONE
    ]
    common = set.intersection(*came) if came else set()
    return common.pop() if len(common) == 1 else ""
