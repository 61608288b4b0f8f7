"""A project: a folder with a name, and in it everything that a page shows.

projects/flowers/
  project.json      title, and when it was made
  data/             versions of the images and labels, see `projects.versions`
  uploads/          files that were dropped on the page
  runs/ bundles/    as `imgcls.train` and `imgcls.export` write them
  jobs/             work that runs or ran in processes of its own, see `jobs.job`
  answers/          predictions that were asked for
  thumbnails/       small images, made once
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, replacing, unfinished, write_json

PROJECTS = Path("projects")
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")  # of a project's folder
LONGEST = 60  # letters of such a name, which is a part of paths and addresses
FOLDERS = ("data", "uploads", "runs", "bundles", "jobs", "answers", "thumbnails")


@dataclass(frozen=True)
class Project:
    """A project.

    Attributes:
        folder: Where it lies.
        title: What its users call it.
        created: Seconds since 1970.
    """

    folder: Path
    title: str
    created: float

    @property
    def name(self) -> str:
        """What it is called in an address; it stays when the title is changed."""
        return self.folder.name

    @property
    def data(self) -> Path:
        """Versions of the images and labels."""
        return self.folder / "data"

    @property
    def uploads(self) -> Path:
        """Files that were dropped on the page."""
        return self.folder / "uploads"

    @property
    def runs(self) -> Path:
        """Training runs."""
        return self.folder / "runs"

    @property
    def bundles(self) -> Path:
        """Exported models."""
        return self.folder / "bundles"

    @property
    def jobs(self) -> Path:
        """Work in processes of its own."""
        return self.folder / "jobs"

    @property
    def answers(self) -> Path:
        """Predictions that were asked for."""
        return self.folder / "answers"


def create_project(title: str) -> Project:
    """Make a project.

    Raises:
        ValueError: The title is empty, or another project has it.
    """
    with _held():
        return _created(_checked(title))


def open_project(name: str) -> Project:
    """The project of this name.

    Raises:
        ValueError: There is none, or what it keeps of itself is damaged.
    """
    folder = PROJECTS / name
    if not NAME.fullmatch(name) or not (folder / "project.json").is_file():
        raise ValueError(f"There is no project {name!r}. Choose one of those on the first page, or make a new one.")
    values = read_json(folder / "project.json")
    title, created = values.get("title"), values.get("created")
    if not isinstance(title, str) or not isinstance(created, int | float):
        raise ValueError(
            f"The project {name!r} cannot be opened: {folder / 'project.json'} is damaged. Bring it back from a copy."
        )
    return Project(folder, title, float(created))


def check_there(project: Project) -> None:
    """Check that a project was not deleted since it was opened.

    Raises:
        ValueError: It is gone; one that was made since and has its name is another one.
    """
    if read_json(project.folder / "project.json").get("created") != project.created:
        raise ValueError(f"There is no project {project.name!r} any more: somebody moved or deleted it.")


def list_projects() -> list[Project]:
    """All projects that can be opened, the one that was worked on last first."""
    found = []
    for name in _names():
        with suppress(ValueError):  # `not_listed` says why
            found.append(open_project(name))
    return sorted(found, key=lambda project: -last_change(project))


def not_listed() -> list[str]:
    """A sentence for each folder that looks like a project and is none that can be opened."""
    found = []
    for name in _names():
        try:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"The folder {PROJECTS / name} is not shown as a project: the app makes no such name. Move it "
                    "elsewhere, or give it a name of small letters, digits and hyphens."
                )
            open_project(name)
        except ValueError as error:
            found.append(str(error))
    return found


def last_change(project: Project) -> float:
    """When something was put into it, in seconds since 1970."""
    folders = [project.folder, *(project.folder / name for name in FOLDERS)]
    return max((folder.stat().st_mtime for folder in folders if folder.is_dir()), default=0.0)


def rename_project(project: Project, title: str) -> Project:
    """Give a project another title; its name in addresses stays.

    Raises:
        ValueError: The title is empty, or another project has it.
    """
    with _held():
        title = title if title.strip() == project.title else _checked(title)
        write_json(project.folder / "project.json", {"title": title.strip(), "created": project.created})
    return open_project(project.name)


def delete_project(project: Project) -> None:
    """Remove a project with all that is in it; images that lie elsewhere stay.

    It is gone at once, however long the removal takes, and whatever is being written into it meanwhile.
    """
    with unfinished(project.folder) as aside:
        project.folder.rename(aside)


def disk_use(project: Project) -> int:
    """Bytes of all its files."""
    return sum(file.lstat().st_size for file in project.folder.rglob("*") if file.is_file())


def _created(title: str) -> Project:
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower())[:LONGEST].strip("-") or "project"
    folder, number = PROJECTS / stem, 1
    while folder.exists():
        number += 1
        folder = PROJECTS / f"{stem}-{number}"
    with replacing(folder) as partial:
        for name in FOLDERS:
            (partial / name).mkdir(parents=True)
        write_json(partial / "project.json", {"title": title, "created": time.time()})
    return open_project(folder.name)


def _names() -> list[str]:
    """The names of the folders that look like projects."""
    return sorted(file.parent.name for file in PROJECTS.glob("[a-z0-9]*/project.json"))


@contextmanager
def _held() -> Iterator[None]:
    """Two users name projects one after the other."""
    PROJECTS.mkdir(exist_ok=True)
    with one_at_a_time(PROJECTS / ".lock"):
        yield


def _checked(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise ValueError("The project has no name yet. Type one, such as Flowers.")
    if any(project.title.lower() == title.lower() for project in list_projects()):
        raise ValueError(f"There is a project {title!r} already. Choose another name, or open that one.")
    return title
