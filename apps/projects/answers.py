"""Predictions that were asked for, on disk: a reload, a second tab and a restart of the app show them again.

answers/<id>/answer.json     title, model, who asked, when, and the job that works on it if one does
answers/<id>/table.parquet   a row for each image; see `COLUMNS`
answers/<id>/pictures/       copies of the images that were dropped on the page, by their content
answers/<id>/parts/          what a job wrote, in place of the table
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
import pandas as pd

from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, remove, replacing, write_json
from imgcls.image_files import HEAD, SUFFIXES, damaged, suffix_of
from projects.dated_folder import dated_folder
from projects.models import Model
from projects.project import Project

COLUMNS = {  # with what an image has that waits for its answer
    "image": "",  # its name, as the user knows it
    "file": "",  # where it lies; empty if it was not kept
    "sha256": "",  # of its content
    "classes": (),  # the likeliest first
    "probabilities": (),  # of these
    "several": False,  # whether an image may have any number of classes, or none
    "labels": (),  # if it may: those that it has
    "decision": "",  # of the classifier's own judgement: a class, "not sure" or "none of these"; empty without one
    "unknown_score": float("nan"),  # how unlike the images of training it is; higher is stranger
    "problem": "",  # why it could not be read
    "waits": True,  # whether there is no answer yet
}
SAID = ("classes", "probabilities", "several", "labels", "decision", "unknown_score", "problem")  # by a model


@dataclass(frozen=True)
class Answer:
    """Images, and what a model says of them.

    Attributes:
        folder: Where it lies.
        title: What was asked, in a few words.
        model: Which model was asked.
        state: Of the model when it was asked; see `Model`.
        who: Who asked; may be empty.
        when: Seconds since 1970.
        job: The job that names the images of a folder; empty where the page does.
        pictures: The folder or archive that the job reads; empty where the page names copies.
        dropped: Files of an uploaded folder that are no images, and were not kept.
    """

    folder: Path
    title: str
    model: Model
    state: str
    who: str
    when: float
    job: str = ""
    pictures: str = ""
    dropped: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What it is called in an address."""
        return self.folder.name


class Upload(Protocol):
    """An uploaded file, with its name."""

    name: str

    def getvalue(self) -> bytes:
        """Its content."""


def start_answer(project: Project, model: Model, who: str = "", title: str = "Images", pictures: str = "") -> Answer:
    """Begin an answer, which has no images yet."""
    folder = dated_folder(project.answers)
    answer = Answer(folder, title, model, model.state, who, time.time(), pictures=pictures)
    with gone_if_it_fails(answer):
        return save_answer(answer)


@contextmanager
def gone_if_it_fails(answer: Answer) -> Iterator[None]:
    """Within, a new answer gets its images; if anything is raised, as on a full disk, it is gone again."""
    try:
        yield
    except BaseException:
        delete_answer(answer)
        raise


def save_answer(answer: Answer) -> Answer:
    """Write what is said of an answer; its table stays."""
    values = asdict(answer)
    del values["folder"]
    write_json(answer.folder / "answer.json", values)
    return answer


def open_answer(project: Project, name: str) -> Answer:
    """The answer of this name.

    Raises:
        ValueError: There is none.
    """
    folder = project.answers / name
    if name != folder.name or not (folder / "answer.json").is_file():
        raise ValueError("This answer is not there any more: somebody deleted it. Drop the images again.")
    values = read_json(folder / "answer.json")
    values |= {"folder": folder, "model": Model(**values["model"]), "dropped": tuple(values.get("dropped", ()))}
    return Answer(**values)


def list_answers(project: Project) -> list[Answer]:
    """All answers, the latest first."""
    found = []
    for file in project.answers.glob("*/answer.json"):
        with suppress(ValueError, OSError):  # deleted while we looked
            found.append(open_answer(project, file.parent.name))
    return sorted(found, key=lambda answer: -answer.when)


def delete_answer(answer: Answer) -> None:
    """Remove an answer with the copies of its images; images that were added to the data stay there."""
    remove(answer.folder)


def add_pictures(project: Project, answer: Answer, files: Sequence[Upload]) -> int:
    """Keep copies of dropped images in an answer, where they wait for what the model says.

    An image that the same model has named before, in this answer or another, gets that answer at once.

    Returns:
        How many were not in this answer before.

    Raises:
        OSError: They cannot be kept, as on a full disk; the answer is then as before.
    """
    known = _known(project, answer)
    with one_at_a_time(answer.folder / ".lock"):  # two tabs write one after the other
        table = rows_of(answer)
        there = set(zip(table["sha256"], table["image"], strict=True))
        with _no_copies_without_a_row(answer, table):
            rows = [_row(answer, file, known) for file in files]
            new = [row for row in {(row["sha256"], row["image"]): row for row in rows}.items() if row[0] not in there]
            _save(answer, _joined(table, pd.DataFrame([row for _, row in new], columns=list(COLUMNS))))
    return len(new)


def put(answer: Answer, said: Sequence[dict]) -> None:
    """Write what a model said of images.

    Args:
        answer: Whose images they are.
        said: For each image its sha256, and what `SAID` lists.
    """
    with one_at_a_time(answer.folder / ".lock"):  # two tabs write one after the other
        table = rows_of(answer)
        places = table.groupby("sha256").indices
        for row in said:
            for place in places.get(row["sha256"], ()):
                for name in SAID:
                    table.at[place, name] = row[name]
                table.at[place, "waits"] = False
        _save(answer, table)


def rows_of(answer: Answer) -> pd.DataFrame:
    """All images of an answer, with the columns of `COLUMNS`."""
    if answer.pictures:
        return _rows_of_job(answer)
    file = answer.folder / "table.parquet"
    if not file.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.read_parquet(file)
    if "several" not in table:  # which answers of earlier versions of the app do not say
        table["several"] = [len(labels) > 0 for labels in table["labels"]]
    return table.assign(several=bool(table["several"].any()))


def newest_rows(answer: Answer, count: int) -> pd.DataFrame:
    """The last images that a job has named so far."""
    part = _parts_of(answer)[-1:]
    return _as_ours(answer, [pd.read_parquet(each).tail(count) for each in part])


def _rows_of_job(answer: Answer) -> pd.DataFrame:
    return _as_ours(answer, [pd.read_parquet(part) for part in _parts_of(answer)])


def _parts_of(answer: Answer) -> list[Path]:
    return sorted((answer.folder / "parts").glob("part-*.parquet"))


def _as_ours(answer: Answer, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What a job wrote, as our own table."""
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    names = [name for name in table if name == "class" or name.startswith("class_")]
    values = [name.replace("class", "probability") for name in names]
    named = (table[names].notna() & (table[names] != "")).to_numpy()  # a model may know fewer classes than are kept
    found = {
        "image": [_short(name, answer) for name in table["image"]],
        "file": table["image"],
        "classes": _lists(table[names], named),
        "probabilities": _lists(table[values], named),
        "several": bool(table["several"].any()) if "several" in table else "labels" in table,
        "labels": [tuple(text.split("; ")) if text else () for text in table.get("labels", [""] * len(table))],
        "problem": table["problem"],
        "waits": False,
        **{name: table[name] for name in ("decision", "unknown_score") if name in table},
    }
    return pd.DataFrame(found).assign(**{n: d for n, d in COLUMNS.items() if n not in found})


def _lists(table: pd.DataFrame, named: np.ndarray) -> list[tuple]:
    return [tuple(row[here]) for row, here in zip(table.to_numpy(), named, strict=True)]


def _short(name: str, answer: Answer) -> str:
    """The name of an image in its folder or archive; an archive that cannot be read is called as the user calls it."""
    return name.removeprefix(answer.pictures).lstrip("/") or answer.title


@contextmanager
def _no_copies_without_a_row(answer: Answer, table: pd.DataFrame) -> Iterator[None]:
    """If anything is raised within, only those copies stay that the table names."""
    try:
        yield
    except BaseException:
        named = {Path(file).name for file in table["file"]}
        for copy in (answer.folder / "pictures").glob("*"):
            if copy.name not in named:
                remove(copy)
        raise


def _row(answer: Answer, file: Upload, known: dict[str, dict]) -> dict:
    content = file.getvalue()
    key, name = sha256(content).hexdigest(), PurePosixPath(file.name).name
    row = {**COLUMNS, "image": name, "sha256": key}
    suffix = suffix_of(content[:HEAD])
    if not suffix and Path(name).suffix.lower() not in SUFFIXES:  # nothing but images is kept
        return {**row, "problem": damaged(content[:HEAD], len(content)), "waits": False}
    target = answer.folder / "pictures" / f"{key}{suffix or Path(name).suffix.lower()}"
    if not target.is_file():
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as partial:
            partial.write_bytes(content)
    return {**row, "file": str(target), **known.get(key, {})}


def _known(project: Project, answer: Answer) -> dict[str, dict]:
    """What the same model has said, by the content of the image."""
    found: dict[str, dict] = {}
    for other in list_answers(project) if answer.state else [answer]:
        if other.state == answer.state and not other.pictures:
            table = rows_of(other)
            for row in table[~table["waits"].astype(bool)].to_dict("records"):
                found[row["sha256"]] = {name: row[name] for name in (*SAID, "waits")}
    return found


def _joined(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return more if table.empty else table if more.empty else pd.concat([table, more], ignore_index=True)


def _save(answer: Answer, table: pd.DataFrame) -> None:
    with replacing(answer.folder / "table.parquet") as partial:
        table.to_parquet(partial, index=False)


def with_job(answer: Answer, job: str) -> Answer:
    """The same answer, of which a job names the images."""
    return save_answer(replace(answer, job=job))
