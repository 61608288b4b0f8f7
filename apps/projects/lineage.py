"""Which versions a version was made of."""

from projects.project import Project
from projects.versions import Version, list_versions


def lineage(project: Project, number: int) -> list[Version]:
    """A version and those that it was made of, itself first; without what was undone."""
    known = {version.number: version for version in list_versions(project)}
    found: list[Version] = []
    while (version := known.get(number)) and version not in found:
        found.append(version)
        number = version.based_on
    return found
