"""What people decided about images, written down at once, and put into the data when they say so.

    data/decisions.jsonl        a line for each decision that is not in the data yet
    data/decisions/<time>.jsonl those that are

A line is written before the page hears of it, so that an app that is killed loses none. Lines are only ever appended:
an undo is a line too.
"""

import json
import math
import os
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgcls.file_lock import one_at_a_time
from imgcls.labels.records import class_name
from projects.lineage import lineage, standing_in
from projects.project import Project, check_there
from projects.versions import current_number, list_versions, manifest_of

LABEL, ASIDE, SKIP, UNDO, AGAIN, ANEW = "label", "aside", "skip", "undo", "again", "anew"
ACTS = (LABEL, ASIDE, SKIP, UNDO, AGAIN, ANEW)
OF_IMAGES = (LABEL, ASIDE, SKIP)
NOT_THERE = "An image that was decided on is not in this project. Load the page again."
LONGEST = 200  # characters of the name of a new class
IS_SAVED = "This label is in the data already, so it was not undone here. Undo on the page Data takes it back."
MOST = 2**31  # images and versions
IN_MEMORY = 200_000  # decisions, over all projects; 1,000 take 0.6 MB
_reading = threading.Lock()
# by file and when its project was made: the file's number, bytes that were read, decisions
_read: dict[tuple[Path, float], tuple[int, int, list["Decision"]]] = {}


@dataclass(frozen=True)
class Decision:
    """What somebody decided about an image.

    Attributes:
        id: Made where it was decided; a decision that arrives twice is kept once.
        queue: That the image came from.
        version: That the row's number belongs to.
        row: Of the image.
        act: label: it has these classes. aside: it is left out. skip: not now. undo: the decision `of` does not stand.
            again: the skipped images of the queue are to be looked at again. anew: all of them are.
        labels: The classes; none of them says that the image has none.
        box: The part of the image that is the example: left, top, right, bottom in pixels; empty for all of it; None if
            nothing was said of it.
        of: The id of the decision that is undone.
        who: Decided it; may be empty.
        when: Seconds since 1970.
        browser: That it was made in; empty if that is not known.
    """

    id: str
    queue: str
    version: int
    row: int
    act: str
    labels: Sequence[str] = ()
    box: Sequence[float] | None = None
    of: str = ""
    who: str = ""
    when: float = 0.0
    browser: str = ""


def read_decision(values: Mapping[str, Any], who: str, classes: Collection[str] = (), browser: str = "") -> Decision:
    """A decision as a page sends it.

    Args:
        values: What the page sends.
        who: Decided it.
        classes: That exist; their names stay as they are.
        browser: That it was made in.

    Raises:
        ValueError: It is none, or a new class has a name that is too long.
    """
    try:
        decision = Decision(
            **{name: str(values.get(name, "")) for name in ("id", "queue", "act", "of")},
            version=int(values["version"]),
            row=int(values["row"]),
            labels=[_name(label, classes) for label in _listed(values.get("labels") or [])],
            box=None if values.get("box") is None else [float(edge) for edge in _listed(values["box"])],
            who=who,
            when=time.time(),
            browser=browser,
        )
        _check(decision)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise ValueError("A decision that the page sent cannot be read. Load the page again.") from None
    if any(len(name) > LONGEST for name in decision.labels if name not in classes):
        raise ValueError(f"The name of a new class has more than {LONGEST} characters. Choose a shorter one.")
    return decision


def record(project: Project, decisions: Iterable[Decision]) -> dict[str, str]:
    """Write decisions down, those that are not written yet. They are on the disk when this returns.

    Returns:
        Why decisions were refused, by their ids: those about images that the project does not have, and undoing what is
        in the data.
    """
    with held(project):
        known = known_ids(project)
        new = [each for each in decisions if each.id not in known]
        saved = {each.id for each in _lines_of(project, _files(project)[:-1]) if each.act in (LABEL, ASIDE)}
        refused = {each.id: NOT_THERE for each in new if each.act in OF_IMAGES and not _is_there(project, each)}
        refused |= {each.id: IS_SAVED for each in new if each.act == UNDO and each.of in saved}
        text = "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in new if each.id not in refused)
        if text:
            with _file(project).open("ab") as file:
                torn = file.tell() and not _ends_with_a_line(_file(project))
                file.write((("\n" if torn else "") + text).encode())
                file.flush()
                os.fsync(file.fileno())
    return refused


def known_ids(project: Project) -> set[str]:
    """The ids of all decisions that were ever written down."""
    return {each.id for each in _lines_of(project, _files(project))}


def unsaved(project: Project) -> list[Decision]:
    """The decisions that stand and are not in the data yet, the first one first; skipped images are none of them."""
    return [each for each in standing(_lines(project, _file(project))) if each.act in (LABEL, ASIDE)]


def saved(project: Project) -> list[Decision]:
    """The decisions that were put into the data, the first one first; skipped images are none of them."""
    return [each for each in standing(_lines_of(project, _files(project)[:-1])) if each.act in (LABEL, ASIDE)]


def decided_in(project: Project, queue: str, since: float = 0.0) -> list[Decision]:
    """All decisions that stand about images of a queue, saved or not, skipped images included.

    Those that went into a version that the current one was not made of, because it was undone, do not stand.

    Args:
        project: The project.
        queue: The queue's name.
        since: Seconds since 1970; what was decided before belongs to an earlier queue of the same name.
    """
    undone = _undone_files(project)
    lines = [
        each
        for file in _files(project)
        for each in _lines(project, file)
        if each.queue == queue and each.when >= since and not (file in undone and each.act in (LABEL, ASIDE))
    ]
    begun = [place for place, each in enumerate(lines) if each.act == ANEW]
    return standing(lines[begun[-1] :] if begun else lines)


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """Decisions without those that were undone or begun again."""
    kept: dict[str, Decision] = {}
    for each in decisions:
        if each.act == UNDO:
            kept.pop(each.of, None)
        elif each.act == AGAIN:
            kept = {key: one for key, one in kept.items() if one.queue != each.queue or one.act != SKIP}
        elif each.act != ANEW:
            kept[each.id] = each
    return list(kept.values())


def put_away(project: Project) -> None:
    """Call the decisions saved: they are in the data now. To be called within `held`."""
    _folder(project).mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        _file(project).rename(_folder(project) / f"{time.time_ns()}.jsonl")


@contextmanager
def held(project: Project) -> Iterator[None]:
    """Two tabs write, or save, one after the other. Within, `record` must not be called.

    Raises:
        ValueError: The project is gone.
    """
    check_there(project)
    with one_at_a_time(project.data / ".decisions-lock"):
        yield


def _check(decision: Decision) -> None:
    box = decision.box or ()
    fits = (
        decision.id
        and decision.act in ACTS
        and max(abs(decision.version), abs(decision.row)) <= MOST
        and len(box) in (0, 4)
        and all(map(math.isfinite, box))
    )
    if not fits:
        raise ValueError("It is no decision.")
    json.dumps(asdict(decision), ensure_ascii=False).encode()  # not of text that no file can hold


def _listed(values: object) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise TypeError("It is no list.")
    return values


def _name(label: object, classes: Collection[str]) -> str:
    """The name of a class: as it is if there is such a class, else without spaces that nobody sees."""
    if isinstance(label, str) and label in classes:
        return label
    name = class_name(label)
    if name is None:
        raise ValueError("It is no name of a class.")
    return " ".join(name.split())


def _is_there(project: Project, decision: Decision) -> bool:
    """Whether the project has the image that a decision is about."""
    try:
        return 0 <= decision.row < len(manifest_of(project, standing_in(project, decision.version)).table)
    except ValueError:
        return False


def _file(project: Project) -> Path:
    return project.data / "decisions.jsonl"


def _folder(project: Project) -> Path:
    return project.data / "decisions"


def _files(project: Project) -> list[Path]:
    """Of all decisions, the oldest first."""
    return [*sorted(_folder(project).glob("*.jsonl")), _file(project)]


def _undone_files(project: Project) -> set[Path]:
    """The files whose decisions went into a version that is not shown any more: the latest one that is older."""
    shown = {version.number for version in lineage(project, current_number(project))}
    made = [(version.when, version.number) for version in list_versions(project)]
    found = set()
    for file in _files(project)[:-1]:
        into = max((number for when, number in made if when <= int(file.stem) / 1e9), default=None)
        if into is not None and into not in shown:
            found.add(file)
    return found


def _lines_of(project: Project, files: Iterable[Path]) -> Iterator[Decision]:
    for file in files:
        yield from _lines(project, file)


def _lines(project: Project, file: Path) -> list[Decision]:
    """The decisions in a file; only what came since the last look is read."""
    key = file.absolute(), project.created
    with _reading, suppress(FileNotFoundError), file.open("rb") as opened:
        facts = os.fstat(opened.fileno())
        number, size, found = _read.get(key, (0, 0, []))
        if number != facts.st_ino or size > facts.st_size:  # another file
            size, found = 0, []
        opened.seek(size)
        new = opened.read()
        whole = new[: new.rfind(b"\n") + 1]  # without a last line that a killed app left unfinished
        found = [*found, *filter(None, map(_decision, whole.splitlines()))]
        _read[key] = (facts.st_ino, size + len(whole), found)
        while whole and len(_read) > 1 and sum(len(each) for _, _, each in _read.values()) > IN_MEMORY:
            _read.pop(next(iter(_read)))
        return found
    with _reading:
        _read.pop(key, None)
    return []


def _decision(line: bytes) -> Decision | None:
    with suppress(ValueError, TypeError):
        return Decision(**json.loads(line))
    return None


def _ends_with_a_line(file: Path) -> bool:
    with file.open("rb") as opened:
        opened.seek(-1, os.SEEK_END)
        return opened.read(1) == b"\n"
