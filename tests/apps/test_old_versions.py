"""Old versions are removed where nothing needs them, and nothing else is lost by it."""

import fcntl

import pytest
from projects import edits
from projects.decisions import record, unsaved
from projects.done_rows import done_rows
from projects.fold_decisions import save_decisions
from projects.old_versions import old_versions, remove_versions
from projects.open_queue import open_queue
from projects.queues import save_queue
from projects.versions import (
    add_version,
    current_number,
    file_of_version,
    kept_versions,
    list_versions,
    manifest_of,
    show_version,
    whole_manifest_of,
)

from imgcls.config import InputConfig, TrainConfig
from imgcls.files import write_json
from imgcls.run_folder import RunFolder
from tests.apps.test_decisions import decided


@pytest.fixture
def changed(project):
    """The project in its fifth version; a run learned from the second one."""
    for number in range(1, 5):
        add_version(project, edits.set_aside(whole_manifest_of(project), [number]), f"image {number} left out", number)
    data = InputConfig(data=str(file_of_version(project, 2)))
    RunFolder.create(TrainConfig(name="shoes", runs=str(project.runs), input=data))
    return project


def kept(project) -> list[int]:
    return [version.number for version in kept_versions(project)]


def test_the_page_says_what_versions_take_and_removes_old_ones(page, changed):
    view = page("data", project="clothes", part="Versions")
    assert "on the disk." in view.text
    assert "Remove 2 old versions" in [each.proto.popover.label for each in view.widgets.get("popover")]
    view.press("Remove them for good")
    assert kept(changed) == [2, 4, 5]
    assert [version.number for version in list_versions(changed)] == [1, 2, 3, 4, 5]
    assert view.widgets.dataframe[0].value["on the disk"].eq("removed").sum() == 2
    assert view.widgets.selectbox[0].options[-1] == "2: image 1 left out"
    assert "which was removed" in view.choose("Look at version", view.widgets.selectbox[0].options[-1]).text
    view.press("Undo")
    assert current_number(changed) == 4
    (undo,) = [button for button in view.widgets.button if button.label == "Undo"]
    assert undo.disabled


def test_what_undo_and_redo_go_to_is_not_old(changed):
    show_version(changed, 3, 5)
    assert old_versions(changed) == [1]
    add_version(changed, whole_manifest_of(changed), "another way", 3)
    assert old_versions(changed) == [1, 4, 5]


def test_what_is_needed_is_not_removed(page, changed):
    view = page("data", project="clothes", part="Versions")
    show_version(changed, 2, 5)
    assert "Version 1 is needed now" in view.press("Remove them for good").errors
    show_version(changed, 5, 2)
    record(changed, [decided(0)])
    with pytest.raises(ValueError, match="Save them first"):
        remove_versions(changed, [3])
    save_decisions(changed)
    job = changed.jobs / "one"
    write_json(job / "job.json", {"kind": "train", "title": "Train", "asked": 0.0, "about": {"run": "shoes"}})
    with (job / "output.log").open("ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX)
        view = page("data", project="clothes", part="Versions").press("Remove them for good")
    assert "once nothing runs" in view.errors
    assert kept(changed) == [1, 2, 3, 4, 5, 6]


def test_what_people_decided_in_a_version_that_was_removed_stays(changed):
    save_queue(changed, "mine", "Mine", [7, 8, 9], 1)
    record(changed, [decided(7, label="bag", queue="mine"), decided(8, label="bag", queue="mine", version=3)])
    save_decisions(changed)
    remove_versions(changed, old_versions(changed))
    assert kept(changed) == [2, 5, 6]
    queue = open_queue(changed, "mine", 6)
    assert (queue.rows, sorted(done_rows(changed, queue))) == ([7, 8, 9], [7, 8])
    late = [decided(9, queue="mine", version=1), decided(99, version=1), decided(2, version=7)]
    assert record(changed, late).keys() == {"tab-99", "tab-2"}
    assert [each.row for each in unsaved(changed)] == [9]
    save_decisions(changed)
    assert manifest_of(changed).table["label"][[7, 9]].tolist() == ["bag", "boot"]
