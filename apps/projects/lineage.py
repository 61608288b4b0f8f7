"""Which versions a version was made of, and which were made of it."""

from projects.project import Project
from projects.versions import Version, file_of_version, kept_versions, list_versions


def lineage(project: Project, number: int) -> list[Version]:
    """A version and those that it was made of, itself first; without what was undone."""
    known = {version.number: version for version in list_versions(project)}
    found: list[Version] = []
    while (version := known.get(number)) and version not in found:
        found.append(version)
        number = version.based_on
    return found


def made_of(project: Project, number: int) -> list[int]:
    """A version and those that were made of it, itself first."""
    found = [number]
    for version in list_versions(project):
        if version.based_on in found:
            found.append(version.number)
    return found


def standing_in(project: Project, number: int) -> int:
    """The version whose rows have the numbers that they have in another: that itself, unless it was removed.

    Rows keep their numbers, so the nearest one that was made of it will do, or one that it was made of. 0 if there is
    none.
    """
    if file_of_version(project, number).is_file():
        return number
    line, kept = lineage(project, number), {version.number for version in kept_versions(project)}
    near = [*made_of(project, number), *(version.number for version in line)] if line else []
    return next((each for each in near if each in kept), 0)
