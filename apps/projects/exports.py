"""Labels written as the files of other tools.

exports/<format>-<number>/         an export
exports/.taken-<format>-<number>   there from the moment that its name is given
"""

import zipfile
from pathlib import Path

from imgcls.files import remove, replacing
from projects.project import Project


def new_export(project: Project, format_: str) -> Path:
    """A folder that is not there yet, for one more export; nobody else gets the same."""
    number = 1
    _folder(project).mkdir(exist_ok=True)
    while (folder := _folder(project) / f"{format_}-{number}").exists() or not _take(folder):
        number += 1
    return folder


def list_exports(project: Project) -> list[Path]:
    """All exports that are whole, the latest first."""
    folders = [path for path in _folder(project).glob("[a-z]*-[0-9]*") if path.is_dir()]
    return sorted(folders, key=lambda path: -path.stat().st_mtime)


def packed(folder: Path) -> Path:
    """The export as a ZIP file, made if there is none yet."""
    target = folder.with_suffix(".zip")
    if not target.is_file():
        with replacing(target) as partial, zipfile.ZipFile(partial, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder.parent))
    return target


def delete_export(folder: Path) -> None:
    """Remove an export."""
    remove(folder)
    remove(folder.with_suffix(".zip"))
    remove(_taken(folder))


def _take(folder: Path) -> bool:
    """Whether the name was free until now."""
    try:
        _taken(folder).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _taken(folder: Path) -> Path:
    return folder.with_name(f".taken-{folder.name}")


def _folder(project: Project) -> Path:
    return project.folder / "exports"
