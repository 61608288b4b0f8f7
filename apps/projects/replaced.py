"""Which decisions took the place of others, or came too late: two people, or two tabs, may decide about one image."""

from collections.abc import Collection

from projects.changed_since import up_to_date
from projects.decisions import Decision, unsaved
from projects.fold_decisions import decisions_of_each_row, unsaved_rows
from projects.project import Project
from projects.versions import current_number


def replaced(project: Project, ids: Collection[str]) -> dict[int, Decision]:
    """The decisions that do not count any more because of others, where those say something else.

    Args:
        project: The project.
        ids: Of the others, which were just made.

    Returns:
        By the number of the image's row in the current version; only what is not in the data yet.
    """
    found = {}
    for row, mine in decisions_of_each_row(project, unsaved(project), current_number(project)).items():
        before = [each for each in mine if each.id not in ids]
        if before and mine[-1].id in ids and _says(before[-1]) != _says(mine[-1]):
            found[row] = before[-1]
    return found


def replaced_later(project: Project, ids: Collection[str]) -> dict[int, Decision]:
    """The decisions that count in place of earlier ones and say something else.

    Args:
        project: The project.
        ids: Of the earlier ones.

    Returns:
        By the number of the image's row in the current version; only what saving would put into the data.
    """
    found = {}
    for row, made in decisions_of_each_row(project, unsaved(project), current_number(project)).items():
        mine = [each for each in made if each.id in ids]
        if mine and made[-1].id not in ids and _says(mine[-1]) != _says(made[-1]):
            found[row] = made[-1]
    late = overtaken(project, {each.id for each in found.values()})
    return {row: each for row, each in found.items() if row not in late}


def overtaken(project: Project, ids: Collection[str]) -> list[int]:
    """The images that somebody changed in the data before their page showed it, so that decisions do not count.

    Args:
        project: The project.
        ids: Of decisions that were just made.

    Returns:
        The numbers of the images' rows in the current version.
    """
    mine = {row: each for row, each in unsaved_rows(project).items() if each.id in ids}
    return sorted(set(mine) - set(up_to_date(project, mine, current_number(project)))) if mine else []


def _says(decision: Decision) -> tuple[str, list[str]]:
    return decision.act, sorted(decision.labels)
