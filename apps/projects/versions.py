"""The versions of a project's images and labels. None is ever overwritten, so changes can be undone.

    data/0001.parquet     a manifest, until somebody removes an old one
    data/versions.jsonl   a line for each: number, what changed, who, when, on which version it is based
    data/current.json     the version that the pages show

An image without a label, and one that the user left out, are rows with a problem: the table holds them, and training
does not see them.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from imgcls.data.manifest.table import NO_LABEL, SET_ASIDE, Manifest
from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, replacing, write_json
from projects.project import Project, check_there

PRESENT = ("", NO_LABEL)  # problems of rows whose images every page counts
OF_PEOPLE = ("", NO_LABEL, SET_ASIDE)  # problems that people make and mend; the others are of the file
OPEN = 2  # versions kept in memory, over all users
UNSEEN = "thumbnail"  # column that no page shows, and the largest by far: only the audit compares what is in it


@dataclass(frozen=True)
class Version:
    """One state of the images and labels.

    Attributes:
        number: From 1.
        what: What changed, as a sentence without its end, such as "200 images added".
        who: Who changed it; may be empty.
        when: Seconds since 1970.
        based_on: The number of the version that was changed; 0 for the first.
        images: How many files can be read and are not left out; an earlier app counted only those with a label, and
            before that each box of a file.
        classes: How many classes there are.
    """

    number: int
    what: str
    who: str
    when: float
    based_on: int
    images: int
    classes: int


def add_version(project: Project, manifest: Manifest, what: str, based_on: int, who: str = "") -> Version:
    """Keep changed images and labels as a new version, and show it from now on.

    Args:
        project: The project.
        manifest: All its images and labels.
        what: See `Version`.
        based_on: The number of the version that was changed, 0 if there was none.
        who: Who changed it.

    Raises:
        ValueError: Somebody changed the data in the meantime, so that the change would be lost.
    """
    with held(project):
        check_shown(project, based_on)
        number = max((version.number for version in list_versions(project)), default=0) + 1
        manifest.save(file_of_version(project, number))
        images, classes = present_images(manifest).nunique(), manifest.usable["label"].nunique()
        version = Version(number, what, who, time.time(), based_on, images, classes)
        _append(project, version)
        write_json(project.data / "current.json", {"number": number})
    return version


def list_versions(project: Project) -> list[Version]:
    """All versions, the first one first."""
    return [Version(**json.loads(line)) for line in _whole_lines(_list_file(project))]


def kept_versions(project: Project) -> list[Version]:
    """The versions that can be shown: nobody has removed their manifests."""
    return [version for version in list_versions(project) if file_of_version(project, version.number).is_file()]


def current_number(project: Project) -> int:
    """The number of the version that the pages show; 0 if there is none yet."""
    file = project.data / "current.json"
    return int(read_json(file)["number"]) if file.is_file() else 0


def current_version(project: Project) -> Version | None:
    """The version that the pages show."""
    number = current_number(project)
    return next((version for version in list_versions(project) if version.number == number), None)


def manifest_of(project: Project, number: int | None = None) -> Manifest:
    """The images and labels of a version; of the current one if no number is given. It stays in memory.

    It lacks the column of `UNSEEN`, and cannot be saved: `whole_manifest_of` can.

    Raises:
        ValueError: There is none.
    """
    file = _existing(project, number)
    return _loaded(file, file.stat().st_mtime_ns)


def whole_manifest_of(project: Project, number: int | None = None) -> Manifest:
    """The same with all columns, read anew: for what makes another version of it, and for the audit.

    Raises:
        ValueError: There is none.
    """
    return Manifest.load(_existing(project, number))


def file_of_version(project: Project, number: int) -> Path:
    """The manifest of a version, as training reads it."""
    return project.data / f"{number:04}.parquet"


def present_images(manifest: Manifest) -> pd.Series:
    """The file of each row whose image the pages count: it has a label or waits for one."""
    return manifest.table.loc[manifest.table["problems"].isin(PRESENT), "image"]


def earlier(project: Project) -> Version | None:
    """What undo would show."""
    now = current_version(project)
    return next((each for each in kept_versions(project) if now and each.number == now.based_on), None)


def later(project: Project) -> Version | None:
    """What redo would show: the latest version that was made of the current one."""
    number = current_number(project)
    return next((each for each in reversed(kept_versions(project)) if number and each.based_on == number), None)


def show_version(project: Project, number: int, instead_of: int) -> None:
    """Show another version from now on: undo, redo, or any of the list. None is lost.

    Args:
        project: The project.
        number: Of the version.
        instead_of: The number of the version that the user saw.

    Raises:
        ValueError: There is no such version, or somebody changed the data in the meantime.
    """
    with held(project):
        if not file_of_version(project, number).is_file():
            raise ValueError(f"There is no version {number} of these images.")
        check_shown(project, instead_of)
        write_json(project.data / "current.json", {"number": number})


def check_shown(project: Project, number: int) -> None:
    """Refuse what was pressed on a page that shows another version than the current one.

    Raises:
        ValueError: Somebody changed the data in the meantime.
    """
    if current_number(project) != number:
        newer = current_version(project)
        said = f" ({newer.what}{', by ' + newer.who if newer.who else ''})" if newer else ""
        raise ValueError(f"The data was changed in the meantime{said}, perhaps in another tab. Look at it again.")


@contextmanager
def held(project: Project) -> Iterator[None]:
    """Two tabs, or two users, change the data one after the other."""
    with one_at_a_time(project.data / ".lock"):
        yield


def _existing(project: Project, number: int | None) -> Path:
    number = current_number(project) if number is None else number
    file = file_of_version(project, number)
    check_there(project)  # a thumbnail may have made the folder again
    if not number or not file.is_file():
        raise ValueError("There are no images in this project yet. Add some on the page Data.")
    return file


@lru_cache(maxsize=OPEN)
def _loaded(file: Path, modified: int) -> Manifest:
    """`modified` makes a file that was written again another entry."""
    return Manifest.load(file, without=(UNSEEN,))


def _append(project: Project, version: Version) -> None:
    """Add a line to the list, whole or not at all, on a full disk too."""
    line = json.dumps(asdict(version))
    with replacing(_list_file(project)) as partial:
        partial.write_text("".join(f"{each}\n" for each in [*_whole_lines(_list_file(project)), line]), "utf-8")


def _whole_lines(file: Path) -> list[str]:
    """The lines of the list, without a last one that a killed app of before left unfinished."""
    text = file.read_text("utf-8") if file.is_file() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def _list_file(project: Project) -> Path:
    return project.data / "versions.jsonl"
