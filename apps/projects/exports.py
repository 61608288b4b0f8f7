"""Labels written as the files of other tools.

exports/<format>-<number>/               an export
exports/<format>-<number>.json           how many labels it holds, and what was left out or changed
exports/<format>-<number>.problems.csv   all that was left out or changed, a row each
exports/.taken-<format>-<number>         there from the moment that its name is given
"""

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from imgcls.counted import counted
from imgcls.files import read_json, remove, replacing, write_json
from projects.project import Project


@dataclass(frozen=True)
class Written:
    """What became of the labels.

    Attributes:
        kept: How many the files hold.
        labels: How many there were.
        notes: What was left out or changed, the most frequent first.
    """

    kept: int
    labels: int
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """How many labels the files do not hold."""
        return self.labels - self.kept


def keep_written(folder: Path, written: Written, problems: pd.DataFrame) -> None:
    """Keep what became of the labels of an export.

    Args:
        folder: The export.
        written: The numbers, and the most frequent reasons.
        problems: All that was left out or changed, as `write_labels` returns it.
    """
    if len(problems):
        with replacing(_problems(folder)) as partial:
            problems.to_csv(partial, index=False)
    write_json(folder.with_suffix(".json"), asdict(written))


def written_of(folder: Path) -> Written | None:
    """What became of the labels of an export; None for one that an app of before wrote."""
    file = folder.with_suffix(".json")
    if not file.is_file():
        return None
    values = read_json(file)
    return Written(values["kept"], values["labels"], tuple(values["notes"]))


def sentence_of(written: Written) -> str:
    """How many labels are in the files and how many are not."""
    if not written.lost:
        return f"{counted(written.labels, 'label')} written."
    return f"{written.kept:,} of {counted(written.labels, 'label')} written; {written.lost:,} left out."


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
    """The export as a ZIP file, made if there is none yet; the table of what was left out stands beside its folder."""
    target = folder.with_suffix(".zip")
    if not target.is_file():
        with replacing(target) as partial, zipfile.ZipFile(partial, "w") as archive:
            for path in [*sorted(folder.rglob("*")), *filter(Path.is_file, [_problems(folder)])]:
                archive.write(path, path.relative_to(folder.parent))
    return target


def delete_export(folder: Path) -> None:
    """Remove an export."""
    remove(folder)
    remove(folder.with_suffix(".zip"))
    for path in (folder.with_suffix(".json"), _problems(folder), _taken(folder)):
        remove(path)


def _take(folder: Path) -> bool:
    """Whether the name was free until now."""
    try:
        _taken(folder).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _taken(folder: Path) -> Path:
    return folder.with_name(f".taken-{folder.name}")


def _problems(folder: Path) -> Path:
    return folder.with_suffix(".problems.csv")


def _folder(project: Project) -> Path:
    return project.folder / "exports"
