"""Images of an answer become images of the project."""

import errno
import shutil
from pathlib import Path

import pytest
from parts.predict import add_to_data
from projects.answers import COLUMNS, add_pictures, put, rows_of, start_answer
from projects.models import SERVER, Model
from projects.project import create_project

from tests.apps.test_said import File

SAID = {name: COLUMNS[name] for name in ("several", "labels", "decision", "unknown_score", "problem")}


@pytest.fixture
def answered(here):
    """A project, and an answer about two images, which are sky with 90 % and with 2 %."""
    project = create_project("Sea")
    answer = start_answer(project, Model(SERVER, "http://127.0.0.1:9/v1/models/sea"))
    add_pictures(project, answer, [File("sky.pgm", 1), File("wall.pgm", 2)])
    return project, answer


def say(answer, several: bool) -> None:
    rows = zip(rows_of(answer)["sha256"].unique(), (0.9, 0.02), strict=True)
    put(answer, [{**SAID, "sha256": key, "classes": ["sky"], "probabilities": [share], "several": several,
                  "labels": ["sky"] if several and share > 0.5 else []} for key, share in rows])  # fmt: skip


@pytest.mark.parametrize(("several", "labels"), [(False, ["sky", "sky"]), (True, ["", ""])])
def test_an_image_that_may_have_several_classes_gets_none_of_itself(answered, monkeypatch, several, labels):
    joined = []
    monkeypatch.setattr(add_to_data, "join_pictures", lambda project, pictures, *facts: joined.append(pictures))
    project, answer = answered
    say(answer, several)
    add_to_data._add(project, answer, with_label=True)
    assert [label for _, label in joined[0]] == labels


def test_a_copy_that_a_full_disk_cut_off_is_made_again(answered, monkeypatch):
    project, answer = answered
    file = Path(rows_of(answer)["file"].iloc[0])

    def cut_off(source, target):
        Path(target).write_bytes(b"P5")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", cut_off)
        with pytest.raises(OSError, match="No space"):
            add_to_data._kept(project, answer, file)
    assert add_to_data._kept(project, answer, file).read_bytes() == file.read_bytes()


def test_of_every_image_it_is_said_what_became_of_it(answered, monkeypatch):
    from imgcls.data.inspection.inspect import inspect

    monkeypatch.setattr(add_to_data, "_inspected", inspect)
    project, answer = answered
    add_pictures(project, answer, [File("sky again.pgm", 1)])
    say(answer, several=False)
    said = add_to_data._add(project, answer, with_label=False)
    assert said == "2 images added, 1 left out as a copy of others."


def test_an_image_whose_file_is_gone_does_not_join(answered, monkeypatch):
    joined = []
    monkeypatch.setattr(add_to_data, "join_pictures", lambda project, pictures, *facts: joined.append(pictures))
    project, answer = answered
    say(answer, several=False)
    Path(rows_of(answer)["file"].iloc[0]).unlink()
    said = add_to_data._add(project, answer, with_label=True)
    assert said == "1 image could not be added: its file is not there any more."
    assert [path.name for path, _ in joined[0]] == [Path(rows_of(answer)["file"].iloc[1]).name]
