"""Which images of a queue are done, and what was decided about them."""

from projects.decisions import ASIDE, LABEL, Decision, decided_in, unsaved
from projects.fold_decisions import last_of_each_row
from projects.open_queue import OpenQueue
from projects.project import Project
from projects.versions import NO_LABEL, manifest_of


def done_rows(project: Project, queue: OpenQueue) -> dict[int, Decision]:
    """The last decision about each image, by the number of its row; an image that waits again is not among them.

    An image waits again if its label was taken away after the decision was put into the data, or if it was left out and
    then brought back.
    """
    waiting = {each.id for each in unsaved(project)}
    found = last_of_each_row(project, decided_in(project, queue.name, queue.since), queue.version)
    problems = manifest_of(project, queue.version).table["problems"].to_numpy()
    return {row: each for row, each in found.items() if each.id in waiting or not _waits(each.act, problems[row])}


def _waits(act: str, problem: str) -> bool:
    """Whether a decision that is in the data has been taken back there."""
    return (act == LABEL and problem == NO_LABEL) or (act == ASIDE and problem in ("", NO_LABEL))
