"""Which images of a queue are done, and what was decided about them."""

from projects.decisions import ASIDE, LABEL, Decision, decided_in, unsaved
from projects.fold_decisions import decisions_of_each_row
from projects.open_queue import OpenQueue
from projects.project import Project
from projects.versions import NO_LABEL, manifest_of


def done_rows(project: Project, queue: OpenQueue) -> dict[int, list[Decision]]:
    """The decisions about each image, the last one last, by the number of its row; without images that wait again.

    An image waits again if its label was taken away after the decision was put into the data, or if it was left out and
    then brought back.
    """
    waiting = {each.id for each in unsaved(project)}
    found = decisions_of_each_row(project, decided_in(project, queue.name, queue.since), queue.version)
    problems = manifest_of(project, queue.version).table["problems"].to_numpy()
    return {
        row: mine for row, mine in found.items() if mine[-1].id in waiting or not _waits(mine[-1].act, problems[row])
    }


def _waits(act: str, problem: str) -> bool:
    """Whether a decision that is in the data has been taken back there."""
    return (act == LABEL and problem == NO_LABEL) or (act == ASIDE and problem in ("", NO_LABEL))
