"""Photos from the camera that wait to be added to the data: on the disk from the moment they are taken.

uploads/.camera/<time>.jpg    the photos
uploads/.camera/labels.csv    the class of each, which may be empty
uploads/camera-<time>/camera  where both lie once they are added
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from imgcls.file_lock import one_at_a_time
from imgcls.files import remove, replacing
from imgcls.labels.records import class_name
from projects.project import Project

ORIGIN = "camera"
TABLE = "labels.csv"


@dataclass(frozen=True)
class Photo:
    """A photo that waits.

    Attributes:
        path: The file.
        label: Its class; empty if it is to be labelled later.
    """

    path: Path
    label: str


def keep_photo(project: Project, content: bytes, label: str = "") -> None:
    """Keep a photo as it was taken."""
    with _held(project) as folder:
        photos, taken = _photos(folder), datetime.now()
        file = folder / f"{taken:%Y%m%d-%H%M%S-%f}.jpg"
        with replacing(file) as partial:
            partial.write_bytes(content)
        _write(folder, [*photos, Photo(file, " ".join((class_name(label) or "").split()))])


def waiting_photos(project: Project) -> list[Photo]:
    """The photos that nobody has added yet, the first one first."""
    return _photos(_folder(project))


def drop_photo(project: Project, name: str) -> None:
    """Take the photo with this file name back, if it still waits."""
    with _held(project) as folder:
        photos = _photos(folder)
        for photo in photos:
            if photo.path.name == name:
                remove(photo.path)
                _write(folder, [other for other in photos if other != photo])


def hand_over(project: Project) -> Path:
    """Move the photos to where they stay; returns the table of their classes, or their folder if none has a class.

    Raises:
        ValueError: No photo waits.
    """
    with _held(project) as folder:
        photos = _photos(folder)
        if not photos:
            raise ValueError("There is no photo yet. Take one with the button below the camera's image.")
        if not any(photo.label for photo in photos):
            remove(folder / TABLE)
        target = project.uploads / f"camera-{datetime.now():%Y%m%d-%H%M%S-%f}" / ORIGIN
        target.parent.mkdir()
        folder.rename(target)
    return target / TABLE if (target / TABLE).is_file() else target


def _folder(project: Project) -> Path:
    return project.uploads / ".camera"


def _photos(folder: Path) -> list[Photo]:
    """All photos of the folder, with their classes where the table has them: whoever writes it may be killed."""
    table, labels = folder / TABLE, {}
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            labels = {row["image"]: row["label"] for row in csv.DictReader(file)}
    return [Photo(path, labels.get(path.name, "")) for path in sorted(folder.glob("[!.]*.jpg"))]


def _write(folder: Path, photos: list[Photo]) -> None:
    with replacing(folder / TABLE) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "label"])
        writer.writerows([photo.path.name, photo.label] for photo in photos)


@contextmanager
def _held(project: Project) -> Iterator[Path]:
    """Two tabs take photos one after the other; gives the folder."""
    with one_at_a_time(project.uploads / ".camera-lock"):
        _folder(project).mkdir(exist_ok=True)
        yield _folder(project)
