"""Files that were dropped on the page and are kept in the project."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.files import remove
from projects.project import Project


@dataclass(frozen=True)
class Kept:
    """Files that were dropped together.

    Attributes:
        folder: Where they are kept.
        title: What they were called.
        files: How many there are.
        size: Bytes.
        used: How many images of a version lie in it.
    """

    folder: Path
    title: str
    files: int
    size: int
    used: int


def kept_files(project: Project, manifest: Manifest) -> list[Kept]:
    """What is kept, the latest first.

    Args:
        project: The project.
        manifest: The version whose images are counted.
    """
    folders = [path for path in project.uploads.iterdir() if path.is_dir() and not path.name.startswith(".")]
    paths = f"{manifest.root}/" + pd.Series(manifest.table["image"].unique(), dtype=str)
    return [_kept(folder, paths) for folder in sorted(folders, key=lambda path: -path.stat().st_mtime)]


def delete_kept(project: Project, kept: Kept) -> None:
    """Remove files that were dropped together.

    Raises:
        ValueError: They are none of the project's.
    """
    if kept.folder.parent != project.uploads:
        raise ValueError(f"{kept.folder} is no folder of files that were dropped on this project.")
    remove(kept.folder)


def _kept(folder: Path, paths: pd.Series) -> Kept:
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    title = next((path.name for path in folder.iterdir() if path.is_dir()), folder.name)
    used = int(paths.str.startswith(f"{folder.resolve()}/").sum())
    return Kept(folder, title, len(sizes), sum(sizes), used)
