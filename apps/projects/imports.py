"""Images on their way into a project: what was asked for, what has to be asked back, and what came of it.

    imports/<id>/request.json   the source, and how it is read
    imports/<id>/question.json  what boxes can become: the user has to choose before anything is added
    imports/<id>/report.json    what came of it, until the user has read it

A reload, another tab or another day shows the same question and the same report.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from imgcls.config import LabelsConfig
from imgcls.data.sources.load import source_of
from imgcls.files import read_json, remove, write_json
from imgcls.labels.tfds import PREFIX as TFDS
from projects.dated_folder import dated_folder
from projects.project import Project
from projects.reading import Reading, Way
from projects.versions import current_number


@dataclass(frozen=True)
class Request:
    """Images that somebody wants in a project.

    Attributes:
        title: What the pages call them.
        source: A path, the name of a card, or `tfds:` and a name.
        labels: Fields of `LabelsConfig` that the user set, without `boxes`.
        boxes: What boxes become; empty until that is known.
        fetch_to: Folder for images that a table names by address; empty if it names none.
        unlabelled: Whether the names of folders say nothing, so that all images wait for labels.
        dropped: Files that were uploaded and not kept.
        folders: Those that its images may lie in; None if they may lie anywhere, as those of a card.
        who: Who asked for it; may be empty.
        origin: Where its images are said to come from, for the filter of that name; empty for what the files are.
    """

    title: str
    source: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    boxes: str = ""
    fetch_to: str = ""
    unlabelled: bool = False
    dropped: tuple[str, ...] = ()
    folders: tuple[str, ...] | None = None
    who: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Question:
    """What has to be known before images can be added.

    Attributes:
        ways: What boxes can become, each with what it gives.
        proposed: The way that we would take.
        notes: What else the files say, the most frequent first.
    """

    ways: tuple[Way, ...]
    proposed: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What came of it.

    Attributes:
        what: What changed, as a sentence without its end.
        notes: What was wrong in the files, the most frequent first.
        otherwise: Files that were here already with another class.
        dropped: Uploaded files that were not kept.
        version: The number of the version that it made; 0 if nothing is new.
        annotators: Who labelled, where several people did: a row each, with how often they agree with the others.
        unnamed: Images that the files with labels do not name, which were not added.
    """

    what: str
    notes: tuple[str, ...] = ()
    otherwise: int = 0
    dropped: tuple[str, ...] = ()
    version: int = 0
    annotators: tuple[dict[str, Any], ...] = ()
    unnamed: int = 0

    @property
    def says_more(self) -> bool:
        """Whether there is more to read than what changed."""
        return bool(self.notes or self.otherwise or self.dropped or self.annotators or self.unnamed)


def downloads(request: Request) -> bool:
    """Whether the images may have to come from the network first."""
    return bool(request.fetch_to) or is_tfds(request)


def is_tfds(request: Request) -> bool:
    """Whether it is a data set of TensorFlow Datasets, by its own name or that of a card."""
    return source_of(request.source, LabelsConfig())[0].startswith(TFDS)


def ask_for(project: Project, request: Request) -> str:
    """Keep a request; returns its id."""
    folder = dated_folder(_folder(project))
    write_json(folder / "request.json", asdict(request))
    return folder.name


def request_of(project: Project, name: str) -> Request:
    """What was asked for."""
    values = read_json(_folder(project) / name / "request.json")
    folders = values["folders"]
    return Request(**values | {"dropped": tuple(values["dropped"]), "folders": folders and tuple(folders)})


def ask_back(project: Project, name: str, reading: Reading, notes: tuple[str, ...]) -> None:
    """Keep a question to the user."""
    asked = Question(reading.ways, reading.proposed, notes)
    write_json(_folder(project) / name / "question.json", asdict(asked))


def answer(project: Project, name: str, boxes: str, **labels: object) -> Request:
    """Keep the user's answer, with further fields of `LabelsConfig` that go with it, and ask no more."""
    request = request_of(project, name)
    request = replace(request, boxes=boxes, labels={**request.labels, **labels})
    write_json(_folder(project) / name / "request.json", asdict(request))
    remove(_folder(project) / name / "question.json")
    return request


def report(project: Project, name: str, told: Report) -> None:
    """Keep what came of it."""
    write_json(_folder(project) / name / "report.json", asdict(told))


def open_questions(project: Project) -> dict[str, Question]:
    """Questions that wait for an answer, by the id of the request."""
    return {file.parent.name: _question(read_json(file)) for file in _files(project, "question.json")}


def unread_reports(project: Project) -> dict[str, Report]:
    """What came of imports that nobody has closed yet, the latest first."""
    files = reversed(_files(project, "report.json"))
    return {file.parent.name: _report(read_json(file)) for file in files}


def overtaken(project: Project) -> set[str]:
    """The ids of the reports that are not news any more: the data was changed since by something else than an import,
    or the import was undone."""
    reports, now = unread_reports(project), current_number(project)
    made = {told.version for told in reports.values()}
    return {
        name
        for name, told in reports.items()
        if told.version and not (told.version <= now and set(range(told.version + 1, now + 1)) <= made)
    }


def open_sources(project: Project) -> list[str]:
    """What is read or will be: the sources of imports that nothing has come of yet."""
    return [
        str(read_json(file).get("source", ""))
        for file in _files(project, "request.json")
        if not file.with_name("report.json").is_file()
    ]


def close(project: Project, name: str) -> None:
    """Forget a request with its question and its report; the images that it added stay."""
    remove(_folder(project) / name)


def _question(values: dict[str, Any]) -> Question:
    ways = tuple(Way(**way) for way in values["ways"])
    return Question(ways, values["proposed"], tuple(values["notes"]))


def _report(values: dict[str, Any]) -> Report:
    return Report(**values | {name: tuple(values.get(name, ())) for name in ("notes", "dropped", "annotators")})


def _files(project: Project, name: str) -> list[Path]:
    return sorted(_folder(project).glob(f"*/{name}"))


def _folder(project: Project) -> Path:
    return project.folder / "imports"
