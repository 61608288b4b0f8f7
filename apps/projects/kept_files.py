"""Files that were dropped on the page and are kept in the project."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from imgcls.data.manifest.table import COLUMNS, MEASURED, Manifest
from imgcls.files import remove
from projects.imports import open_sources
from projects.project import Project
from projects.versions import file_of_version, list_versions

BUT_IMAGE = {*COLUMNS, *MEASURED} - {"image"}  # columns that are not read


@dataclass(frozen=True)
class Kept:
    """Files that were dropped together.

    Attributes:
        folder: Where they are kept.
        title: What they were called.
        files: How many there are.
        size: Bytes.
        used: How many images of the version that is shown lie in it.
        needed: Whether any version that can be shown again has images in it, or images on their way in lie there.
    """

    folder: Path
    title: str
    files: int
    size: int
    used: int
    needed: bool


def kept_files(project: Project, number: int) -> list[Kept]:
    """What is kept, the latest first.

    Args:
        project: The project.
        number: The version that is shown; 0 if there is none yet.
    """
    folders = [path for path in project.uploads.iterdir() if path.is_dir() and not path.name.startswith(".")]
    used = {version.number: _used(project, version.number) for version in list_versions(project)}
    needed = {name for counts in used.values() for name in counts}
    coming = [Path(source).resolve() for source in open_sources(project)]
    return [
        _kept(
            folder,
            used.get(number, {}).get(folder.name, 0),
            folder.name in needed or any(source.is_relative_to(folder.resolve()) for source in coming),
        )
        for folder in sorted(folders, key=lambda path: -path.stat().st_mtime)
    ]


def delete_kept(project: Project, kept: Kept) -> None:
    """Remove files that were dropped together.

    Raises:
        ValueError: They are none of the project's.
    """
    if kept.folder.parent != project.uploads:
        raise ValueError(f"{kept.folder} is no folder of files that were dropped on this project.")
    remove(kept.folder)


def _used(project: Project, number: int) -> Mapping[str, int]:
    """How many images of a version lie in each folder of dropped files that it uses; empty if it is damaged."""
    file = file_of_version(project, number)
    with suppress(ValueError, FileNotFoundError):
        return _counted(file, file.stat().st_mtime_ns, project.uploads.resolve())
    return {}


@lru_cache(maxsize=512)
def _counted(file: Path, modified: int, uploads: Path) -> Mapping[str, int]:
    """`modified` makes a file that was written again another entry."""
    manifest = Manifest.load(file, without=BUT_IMAGE)
    paths = f"{manifest.root}/" + pd.Series(manifest.table["image"].unique(), dtype=str)
    inside = paths[paths.str.startswith(f"{uploads}/")].str.removeprefix(f"{uploads}/")
    return inside.str.partition("/")[0].value_counts().to_dict() if len(inside) else {}


def _kept(folder: Path, used: int, needed: bool) -> Kept:
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    title = next((path.name for path in folder.iterdir() if path.is_dir()), folder.name)
    return Kept(folder, title, len(sizes), sum(sizes), used, needed)
