"""Versions that nothing needs any more: their manifests can be removed; their lines stay in the list of versions."""

import re
from collections.abc import Collection
from contextlib import suppress

from projects.decisions import unsaved
from projects.lineage import made_of
from projects.project import Project
from projects.versions import current_number, earlier, file_of_version, held, kept_versions

SETTINGS = ("*/config.toml", "*/trial-*/config.toml", ".asked/*.toml")  # of runs and searches


def size_of_version(project: Project, number: int) -> int:
    """Bytes of its manifest; 0 if it was removed."""
    with suppress(FileNotFoundError):
        return file_of_version(project, number).stat().st_size
    return 0


def old_versions(project: Project) -> list[int]:
    """The versions that are not shown, that no run learned from, and to which neither undo nor redo goes next."""
    back = earlier(project)
    needed = {*made_of(project, current_number(project)), *_learned_from(project), back.number if back else 0}
    return [version.number for version in kept_versions(project) if version.number not in needed]


def remove_versions(project: Project, numbers: Collection[int]) -> None:
    """Remove the manifests of versions that nothing needs.

    Raises:
        ValueError: One of them is needed, or labels wait that are held against what stood in a version.
    """
    with held(project):
        if unsaved(project):
            raise ValueError("There are labels that are not in the data yet. Save them first.")
        if needed := set(numbers) - set(old_versions(project)):
            raise ValueError(f"Version {min(needed)} is needed now. Look at the page again.")
        for number in numbers:
            file_of_version(project, number).unlink()


def _learned_from(project: Project) -> set[int]:
    found: set[int] = set()
    for pattern in SETTINGS:
        for file in project.runs.glob(pattern):
            with suppress(FileNotFoundError):  # a run that is being deleted
                found |= set(map(int, re.findall(r"\bdata/(\d+)\.parquet", file.read_text("utf-8", "replace"))))
    return found
