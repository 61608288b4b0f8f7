"""Decisions about images: written down at once, kept through a kill, and put into the data as one version."""

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgcls.data.manifest.from_records import to_records
from imgcls.labels.records import BOX, LABELLED_BOX

APPS = Path(__file__).parents[2] / "apps"


def decided(number: int, act: str = "label", label: str = "boot", **more):
    from projects.decisions import read_decision

    values = {
        "id": f"tab-{number}",
        "queue": "q",
        "version": 1,
        "row": number,
        "act": act,
        "labels": [label] * bool(label),
    }
    return read_decision(values | more, more.pop("who", ""))


def test_decisions_become_one_version(project):
    from projects.decisions import record, unsaved
    from projects.fold_decisions import save_decisions
    from projects.versions import list_versions, manifest_of

    record(project, [decided(0), decided(1, "aside", ""), decided(2, label="bag", who="Ann"), decided(3, "skip", "")])
    record(project, [decided(0)])  # sent again, because the answer was lost
    assert [each.row for each in unsaved(project)] == [0, 1, 2]
    save_decisions(project, "Ann")
    table = manifest_of(project).table
    assert [version.what for version in list_versions(project)] == [
        "30 images added",
        "2 images labelled, 1 image left out",
    ]
    assert table["label"][0] == "boot"
    assert list(table["labels"][0]) == ["boot"]
    assert table["problems"][1] == "left out by you"
    assert table["annotators"][[0, 2]].tolist() == ["", "Ann"]
    assert not unsaved(project)
    save_decisions(project)  # nothing to save makes no version
    record(project, [decided(0)])  # a tab that was asleep sends it once more
    assert not unsaved(project)
    assert len(list_versions(project)) == 2


def test_an_undo_takes_back_and_the_last_word_counts(project):
    from projects.decisions import record, unsaved
    from projects.fold_decisions import last_of_each_row

    record(project, [decided(0), decided(9, row=0, label="bag"), decided(1)])
    assert last_of_each_row(project, unsaved(project), 1)[0].labels == ["bag"]
    record(project, [decided(10, "undo", "", row=0, of="tab-9"), decided(11, "undo", "", row=1, of="tab-1")])
    assert [(each.row, each.labels) for each in unsaved(project)] == [(0, ["boot"])]


def test_what_is_in_the_data_is_not_undone_here(project):
    from projects.decisions import decided_in, record
    from projects.fold_decisions import save_decisions

    record(project, [decided(0), decided(1, "skip", "")])
    save_decisions(project)
    undo = [decided(10, "undo", "", row=0, of="tab-0"), decided(11, "undo", "", row=1, of="tab-1")]
    refused = record(project, undo)
    assert list(refused) == ["tab-10"]
    assert "in the data already" in refused["tab-10"]
    assert [each.row for each in decided_in(project, "q")] == [0]


def test_skipped_images_come_again_when_asked(project):
    from projects.decisions import decided_in, record

    record(project, [decided(0), decided(1, "skip", "")])
    assert [each.row for each in decided_in(project, "q")] == [0, 1]
    record(project, [decided(2, "again", "", row=-1)])
    assert [each.row for each in decided_in(project, "q")] == [0]


def test_decisions_of_an_older_version_find_their_images(project):
    from projects.decisions import record
    from projects.fold_decisions import save_decisions
    from projects.versions import add_version, manifest_of, whole_manifest_of

    from imgcls.data.manifest.table import Manifest

    manifest = whole_manifest_of(project)
    name = manifest.table["image"][5]
    add_version(project, Manifest(manifest.table.iloc[::-1].reset_index(drop=True), manifest.root), "turned", 1)
    record(project, [decided(5)])
    save_decisions(project)
    table = manifest_of(project).table
    assert table.loc[table["label"] == "boot", "image"].tolist() == [name]


def test_what_was_changed_after_a_decision_stays(project):
    from projects import edits
    from projects.decisions import record
    from projects.fold_decisions import Saved, save_decisions
    from projects.versions import add_version, manifest_of, whole_manifest_of

    record(project, [decided(row) for row in range(4)])
    add_version(project, edits.set_label(whole_manifest_of(project), [0], "sneaker"), "by somebody else", 1)
    add_version(project, edits.set_aside(whole_manifest_of(project), [1]), "by somebody else", 2)
    record(project, [decided(12, row=2, label="bag"), decided(13, row=3, label="trouser", version=3)])
    add_version(project, edits.set_label(whole_manifest_of(project), [20], "bag"), "of another image", 3)
    assert save_decisions(project) == Saved(2, 2)
    table = manifest_of(project).table
    assert table["label"][:4].tolist() == ["sneaker", "bag", "bag", "trouser"]
    assert table["problems"][1] == "left out by you"


def test_a_decision_after_a_change_holds(project):
    from projects import edits
    from projects.decisions import record
    from projects.fold_decisions import save_decisions
    from projects.versions import add_version, manifest_of, show_version, whole_manifest_of

    add_version(project, edits.set_label(whole_manifest_of(project), [0], "sneaker"), "before", 1)
    record(project, [decided(0), decided(1, version=2)])  # the first one in a tab that still shows version 1
    show_version(project, 1, 2)
    save_decisions(project)
    assert manifest_of(project).table["label"][:2].tolist() == ["boot", "boot"]


def test_a_page_that_did_not_show_a_change_yet_does_not_take_it_back(project):
    from projects.decisions import record
    from projects.fold_decisions import Saved, save_decisions
    from projects.versions import manifest_of

    record(project, [decided(0), decided(1)])
    save_decisions(project)
    theirs = [decided(2, row=0, id="other-1", label="bag"), decided(3, row=1, id="other-2")]  # the second says the same
    record(project, theirs)
    assert save_decisions(project) == Saved(1, 1)
    assert manifest_of(project).table["label"][:2].tolist() == ["boot", "boot"]
    record(project, [decided(4, row=0, id="other-3", label="bag", version=3)])  # having seen it
    assert save_decisions(project) == Saved(1, 0)
    assert manifest_of(project).table["label"][0] == "bag"


def test_a_page_decides_anew_on_what_it_decided_before_others_saved_it(project):
    from projects.decisions import record
    from projects.fold_decisions import Saved, save_decisions
    from projects.versions import manifest_of

    record(project, [decided(0), decided(1, "aside", "")])
    save_decisions(project)
    record(project, [decided(2, row=0, label="bag"), decided(3, row=1, label="bag")])  # the page shows version 1 still
    assert save_decisions(project) == Saved(2, 0)
    assert manifest_of(project).table["label"][:2].tolist() == ["bag", "bag"]


def test_a_class_that_is_renamed_after_a_decision_is_not_made_again(project):
    from projects import edits
    from projects.decisions import record
    from projects.fold_decisions import save_decisions
    from projects.versions import add_version, manifest_of, whole_manifest_of

    record(project, [decided(0, label="trouser"), decided(25, label="boot")])
    add_version(project, edits.rename_class(whole_manifest_of(project), "trouser", "jeans"), "renamed", 1)
    save_decisions(project)
    assert manifest_of(project).table["label"][[0, 25, 26]].tolist() == ["jeans", "boot", "jeans"]


def test_a_crop_is_set_and_taken_away(project):
    from projects.decisions import record
    from projects.fold_decisions import save_decisions
    from projects.versions import add_version, manifest_of, whole_manifest_of

    manifest = whole_manifest_of(project)
    manifest.table.loc[0, BOX] = [0, 0, 10, 10]
    manifest.table.loc[0, LABELLED_BOX] = [2, 2, 8, 8]
    add_version(project, manifest, "a box with a margin", 1)
    record(project, [decided(0, version=2, box=[1, 2, 20.5, 21])])
    save_decisions(project)
    assert manifest_of(project).table.loc[0, BOX].tolist() == [1, 2, 20.5, 21]
    assert to_records(manifest_of(project)).boxes_or_images.loc[0, BOX].tolist() == [1, 2, 20.5, 21]
    record(project, [decided(100, row=0, version=3, box=[])])
    save_decisions(project)
    assert all(math.isnan(edge) for edge in manifest_of(project).table.loc[0, BOX])


def test_a_file_that_cannot_be_read_keeps_its_problem(project):
    from projects.decisions import record
    from projects.fold_decisions import folded
    from projects.versions import whole_manifest_of

    manifest = whole_manifest_of(project)
    manifest.table.loc[0, "problems"] = "it is damaged"
    record(project, [])
    assert folded(manifest, {0: decided(0)}).table["problems"][0] == "it is damaged"


def test_a_kill_loses_nothing_and_half_a_line_does_no_harm(project, here):
    from projects.decisions import record, unsaved

    program = (
        f"import sys; sys.path.insert(0, {str(APPS)!r})\n"
        "from projects.decisions import read_decision, record\n"
        "from projects.project import list_projects\n"
        "(project,) = list_projects()\n"
        "for row in range(10):\n"
        "    values = dict(id=f'killed-{row}', queue='q', version=1, row=row, act='label', labels=['boot'])\n"
        "    record(project, [read_decision(values, '')])\n"
        "print('written', flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert len(unsaved(project)) == 10
    with (project.data / "decisions.jsonl").open("a") as file:
        file.write('{"id": "half", "que')
    record(project, [decided(20)])
    assert [each.row for each in unsaved(project)] == [*range(10), 20]


def test_a_new_project_has_none_of_the_decisions_of_a_deleted_one_of_its_name(project, here):
    from projects.decisions import record, unsaved
    from projects.project import create_project, delete_project
    from projects.versions import add_version, whole_manifest_of

    manifest, file = whole_manifest_of(project), project.data / "decisions.jsonl"
    record(project, [decided(0)])
    assert len(unsaved(project)) == 1
    (here / "kept").hardlink_to(file)
    delete_project(project)
    again = create_project("Clothes")
    add_version(again, manifest, "30 images added", 0)
    record(again, [decided(5), decided(6)])
    (here / "kept").write_bytes(file.read_bytes())
    file.unlink()
    file.hardlink_to(here / "kept")  # the disk gives the number of a file that is gone to a new one
    assert [each.row for each in unsaved(again)] == [5, 6]
    with pytest.raises(ValueError, match="There is no project 'clothes' any more"):
        record(project, [decided(7)])


def test_decisions_of_many_saves_are_read_once(project, monkeypatch):
    from projects import decisions

    saved = project.data / "decisions"
    saved.mkdir()
    line = '{"id": "%d", "queue": "q", "version": 1, "row": 0, "act": "skip"}\n'
    for place in range(100):
        (saved / f"{1000 + place}.jsonl").write_text(line % place)
    assert len(decisions.decided_in(project, "q")) == 100
    again: list[bytes] = []
    monkeypatch.setattr(decisions, "_decision", again.append)
    assert len(decisions.decided_in(project, "q")) == 100
    assert not again


@pytest.mark.parametrize("wrong", [{"act": "delete"}, {"labels": [""]}, {"labels": "bag"}, {"box": [1, 2]},
                                   {"box": [0, 0, float("nan"), 1]}, {"labels": ["\ud800"]}, {"of": "\ud800"},
                                   {"id": ""}, {"row": float("inf")}, {"version": 10**300}])  # fmt: skip
def test_what_is_no_decision_is_refused(project, wrong):
    with pytest.raises(ValueError, match="cannot be read"):
        decided(0, **wrong)


@pytest.mark.parametrize("values", [None, "label", [], {}, {"id": "1", "act": "label"}])
def test_what_is_no_decision_at_all_is_refused(values):
    from projects.decisions import read_decision

    with pytest.raises(ValueError, match="cannot be read"):
        read_decision(values, "")


def test_the_name_of_a_class_stays_as_it_is_and_that_of_a_new_one_is_made_tidy():
    from projects.decisions import read_decision

    classes = ["big  cat", "x" * 300]
    values = {"id": "1", "version": 1, "row": 0, "act": "label", "labels": [*classes, " small  cat "]}
    assert read_decision(values, "", classes).labels == [*classes, "small cat"]
    with pytest.raises(ValueError, match="more than 200 characters"):
        read_decision(values, "")


@pytest.mark.parametrize("wrong", [{"version": 7}, {"version": -1}, {"row": 30}, {"row": -1}])
def test_a_decision_about_no_image_is_refused_and_the_others_are_kept(project, wrong):
    from projects.decisions import record, unsaved

    refused = record(project, [decided(0), decided(1, **wrong), decided(2)])
    assert list(refused) == ["tab-1"]
    assert "not in this project" in refused["tab-1"]
    assert [each.row for each in unsaved(project)] == [0, 2]


def test_decisions_about_no_image_that_were_written_before_do_no_harm(project):
    from projects.decisions import record
    from projects.fold_decisions import save_decisions
    from projects.versions import manifest_of

    record(project, [decided(0)])
    text = (project.data / "decisions.jsonl").read_text()
    (project.data / "decisions.jsonl").write_text(
        text + text.replace("tab-0", "other").replace('"version": 1', '"version": 7')
    )
    save_decisions(project)
    assert (manifest_of(project).table["label"] == "boot").sum() == 1
