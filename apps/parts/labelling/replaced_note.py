"""A note for the one whose decision meets another: one of another tab, or of somebody else."""

import time
from collections.abc import Collection

from projects.decisions import ASIDE, Decision
from projects.project import Project
from projects.replaced import overtaken, replaced, replaced_later
from projects.versions import SET_ASIDE, manifest_of

from imgcls.counted import counted
from parts.labelling.own import is_from_elsewhere, is_of_this_browser, own
from parts.plain import plain


def note_of_one(project: Project, ids: Collection[str]) -> str:
    """What decisions replaced, in a sentence that names the image and the person; counted if there are several.

    Where somebody has changed the image in the data since this page showed it, that stays, and the note says so.

    Args:
        project: The project.
        ids: Of decisions that were just made.

    Returns:
        The note as Markdown; empty if they replaced nothing, or only what was decided on this page.
    """
    if late := overtaken(project, ids):
        return _stays(project, late)
    found = _from_elsewhere(project, ids)
    if len(found) != 1:
        return _counted(found)
    ((row, before),) = found.items()
    image = plain(str(manifest_of(project).table["image"][row]))
    return f"{_said(before, image)} {_ago(time.time() - before.when)}; yours counts now. Z takes yours back."


def note_of_many(project: Project, ids: Collection[str]) -> str:
    """How many images were decided otherwise before, and which somebody has changed in the data since this page showed
    them; empty if none was. Arguments as for `note_of_one`."""
    late = overtaken(project, ids)
    return " ".join(filter(None, [_stays(project, late) if late else "", _counted(_from_elsewhere(project, ids))]))


def note_of_saving(project: Project) -> str:
    """Which of the images that were decided on this page somebody decided otherwise after that, so that this counts;
    counted if there are several. To be asked before they are saved; Markdown, empty if there are none."""
    found = replaced_later(project, own(project))
    if len(found) > 1:
        later = "were decided otherwise in another tab or by somebody else, later than here"
        return f"{len(found):,} of these {later}; what was decided last counts."
    for row, after in found.items():
        image = plain(str(manifest_of(project).table["image"][row]))
        return f"{_said(after, image)}, later than you decided here; that counts."
    return ""


def _from_elsewhere(project: Project, ids: Collection[str]) -> dict[int, Decision]:
    return {row: each for row, each in replaced(project, ids).items() if is_from_elsewhere(project, each)}


def _counted(found: Collection[int]) -> str:
    if not found:
        return ""
    were, count = ("was", "counts") if len(found) == 1 else ("were", "count")
    return f"{len(found):,} of these {were} decided otherwise in another tab or by somebody else; yours {count} now."


def _stays(project: Project, rows: list[int]) -> str:
    if len(rows) > 1:
        return f"{len(rows):,} of these were changed in the data in the meantime; that stays."
    image, problem, labels = manifest_of(project).table.loc[rows[0], ["image", "problems", "labels"]]
    if problem == SET_ASIDE:
        return f"{plain(str(image))} was left out in the meantime, and that stays. The page Data brings it back."
    named = f"“{plain(', '.join(labels))}”" if len(labels) else "none of the classes"
    return f"{plain(str(image))} got {named} in the meantime, and that stays. Look at it again to decide otherwise."


def _said(decision: Decision, image: str) -> str:
    """Who decided what."""
    is_mine = is_of_this_browser(decision)
    name, where = ("You", " in another tab") if is_mine else (plain(decision.who) or "Somebody", "")
    if decision.act == ASIDE:
        return f"{name} left out {image}{where}"
    label = f"“{plain(', '.join(decision.labels))}”" if decision.labels else "none of the classes"
    return f"{name} chose {label} for {image}{where}"


def _ago(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "just now"
    return f"{counted(minutes, 'minute')} ago" if minutes < 60 else f"{counted(minutes // 60, 'hour')} ago"
