"""What an audit found, and what of it is still to be done."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pandas as pd
import pytest
from projects import audits
from projects.audits import (
    Task,
    ask_again,
    audited_version,
    fine_tasks,
    found_right,
    keep_findings,
    open_tasks,
    to_leave_out,
)
from projects.edits import set_aside, set_label
from projects.project import create_project
from projects.versions import add_version, manifest_of, whole_manifest_of

from imgcls.data.audit import Finding
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX


@pytest.fixture
def looked(here):
    """A project of 20 cats and 20 dogs, with findings about some of them."""
    rows = pd.DataFrame({"image": [f"{n:02}.png" for n in range(40)], "label": ["cat", "dog"] * 20})
    rows["split"] = ["train", "test"] * 20
    rows["problems"] = ["a damaged PNG file", *[""] * 39]
    project = create_project("Pets")
    add_version(project, Manifest.from_records(rows.assign(**dict.fromkeys(BOX, float("nan"))), here), "40", 0)
    keep_findings(
        project,
        1,
        [
            Finding("unusable", ("00.png",), "a damaged PNG file", (0,)),
            Finding("same image, two labels", ("02.png", "03.png"), "the same bytes", (2, 3)),
            Finding("exact copies", ("04.png", "06.png", "08.png"), "3 files", (4, 6, 8)),
            Finding("dark", ("10.png",), "too dark", (10,)),
        ],
    )
    return project


def kinds(project, number) -> list[str]:
    return [kind for kind in open_tasks(project, number) if kind not in ("few examples", "class not in a split")]


def test_what_is_gravest_comes_first_and_a_later_version_keeps_what_was_found(looked):
    assert kinds(looked, 1) == ["unusable", "same image, two labels", "exact copies", "dark"]
    add_version(looked, set_aside(whole_manifest_of(looked), [39]), "one left out", 1)
    assert audited_version(looked, 2) == 1
    assert kinds(looked, 2) == kinds(looked, 1)


def test_what_is_mended_or_left_out_is_no_longer_to_do(looked):
    tasks = open_tasks(looked, 1)
    (copies,) = tasks["exact copies"]
    assert to_leave_out([copies], manifest_of(looked)) == [6, 8]
    mended = set_label(set_aside(whole_manifest_of(looked), [6, 8, 10]), [3], "cat")
    add_version(looked, mended, "mended", 1)
    assert kinds(looked, 2) == ["unusable"]
    assert "dark" in kinds(looked, 1)  # of the version before


@pytest.mark.parametrize("kind", ["exact copies", "near copies", "same image in two splits"])
def test_of_copies_whose_labels_differ_none_is_left_out(looked, kind):
    differ, same = Task("1", kind, (2, 3), "the same bytes"), Task("2", kind, (4, 6), "the same bytes")
    assert to_leave_out([differ], manifest_of(looked)) == []
    assert to_leave_out([differ, same], manifest_of(looked)) == [6]
    add_version(looked, set_label(whole_manifest_of(looked), [3], "cat"), "decided", 1)
    assert to_leave_out([differ], manifest_of(looked, 2)) == [2]  # the other one is in the test split


def test_what_is_found_right_is_asked_no_more(looked):
    found_right(looked, open_tasks(looked, 1)["dark"])
    assert "dark" not in kinds(looked, 1)
    assert list(fine_tasks(looked, 1)) == ["dark"]
    ask_again(looked, fine_tasks(looked, 1)["dark"])
    assert "dark" in kinds(looked, 1)
    assert fine_tasks(looked, 1) == {}


def test_classes_are_looked_at_anew_each_time(looked):
    assert "class not in a split" in open_tasks(looked, 1)
    found = open_tasks(looked, 1)["few examples"]
    assert [task.why for task in found] == ["'cat' has 19; expected at least 20"]


def test_two_tabs_find_different_things_right_at_once(looked, monkeypatch):
    both, fine = Barrier(2), audits._fine

    def met(project):
        found = fine(project)
        with suppress(BrokenBarrierError):
            both.wait(0.5)
        return found

    tasks = [open_tasks(looked, 1)[kind] for kind in ("dark", "exact copies")]
    monkeypatch.setattr(audits, "_fine", met)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda some: found_right(looked, some), tasks))
    assert fine(looked) == {task.key for some in tasks for task in some}
