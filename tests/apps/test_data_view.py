"""The page Data."""

import json
import shutil

import numpy as np
import pytest
from parts import grid
from projects import imports
from projects.audits import found_right, keep_findings, open_tasks
from projects.edits import set_aside
from projects.imports import Request, ask_for, open_questions, unread_reports
from projects.photos import keep_photo, waiting_photos
from projects.project import create_project
from projects.versions import NO_LABEL, SET_ASIDE, add_version, current_number, manifest_of, whole_manifest_of

from imgcls.config import LabelsConfig
from imgcls.data.audit import Finding
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.importing import import_manifest
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.files import write_json


@pytest.fixture
def project(here, clothes):
    """The 30 images of `clothes`, none of which was opened: what the page shows needs no more."""
    made = create_project("Clothes")
    add_version(made, import_manifest(str(clothes), LabelsConfig()).manifest, "30 images added", 0)
    return made


@pytest.fixture
def selected(monkeypatch):
    """What the user selects in the grid of images."""
    rows: list[int] = []
    answer = lambda *_, **__: grid.GridAnswer(list(rows), None)  # noqa: E731
    monkeypatch.setattr("parts.data.pictures.image_grid", answer)
    return rows


def test_an_empty_project_says_what_to_do_first(page, here):
    create_project("Flowers")
    view = page("data", project="flowers")
    assert "Drop a folder of them, with one folder for each class" in view.text
    assert "Add these images" in view.text
    assert "Nothing was dropped yet" in view.press("Add these images").errors


def test_what_is_there_comes_first(page, project):
    view = page("data", project="clothes")
    for figure in ("Images 30", "Classes 3", "Without label 0", "Problems 3"):  # each class has few images
        assert figure in view.text
    assert "Go on to Train" in [link.proto.label for link in view.widgets.get("page_link")]


def test_images_that_wait_for_a_label_are_counted_alike_on_all_pages(page, project):
    manifest = whole_manifest_of(project)
    table = manifest.table.copy()
    table.loc[:2, "problems"] = NO_LABEL
    add_version(project, Manifest(table, manifest.root), "3 labels taken away", 1)
    view = page("data", project="clothes")
    for figure in ("Images 30", "Without label 3", "30 images shown"):
        assert figure in view.text
    versions = page("data", project="clothes", part="Versions").widgets.dataframe[0].value
    assert versions["images"].tolist() == [30, 30]
    assert "30 images of 3 classes, 3 without label" in page("home").text


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        ([""], "No split yet: training divides each class"),
        (["", "train"], "draws the validation and test images from them and the training images"),
        (["", "validation"], "draws the test images from them, and"),
        (["", "train", "validation", "test"], "Some images have no split yet: training learns from them."),
        (["train", "validation", "test"], ""),
    ],
)
def test_under_the_bars_stands_what_training_does_with_images_without_a_split(page, project, splits, said):
    manifest = whole_manifest_of(project)
    table = manifest.table.assign(split=[splits[row % len(splits)] for row in range(len(manifest.table))])
    add_version(project, Manifest(table, manifest.root), "divided", 1)
    text = page("data", project="clothes").text
    assert said in text
    assert ("No split yet" in text) == (splits == [""])
    assert ("no split yet" in text) == bool(said and splits != [""])


def test_a_photo_of_somebody_else_is_not_taken_back(page, project):
    keep_photo(project, b"\xff\xd8\xff a photo", "mine")
    view = page("data", project="clothes", add="1", **{"from": "Camera"})
    keep_photo(project, b"\xff\xd8\xff a photo", "theirs")
    view.press("Take the last one back")
    assert [photo.label for photo in waiting_photos(project)] == ["theirs"]
    view.press("Take the last one back")
    assert waiting_photos(project) == []


def test_filters_narrow_the_images(page, project):
    view = page("data", project="clothes")
    assert "30 images shown" in view.text
    view.widgets.multiselect[0].set_value(["bag"])
    assert "10 images shown" in view.look().text


def test_the_images_that_the_newest_run_is_unsure_of_are_a_filter(page, project):
    rows = manifest_of(project).table.loc[[3, 14, 25]].reset_index(drop=True)
    probabilities = np.array([[0.6, 0.3, 0.1], [0.0, 1.0, 0.0], [0.5, 0.1, 0.4]])
    facts = {"root": str(manifest_of(project).root)}
    table = PredictionTable(rows, ["bag", "sneaker", "trouser"], probabilities, facts=facts)
    table.save(project.runs / "first" / "predictions" / "test.parquet")
    (project.runs / "first" / "config.toml").touch()
    view = page("data", project="clothes", doubt="unsure")
    assert "2 images shown" in view.text
    (filter_,) = [each for each in view.widgets.button_group if each.label == "The model of first"]
    assert (filter_.options, filter_.value) == (["unsure", "named wrongly"], "unsure")
    filter_.set_value("named wrongly")
    assert "1 image shown" in view.look().text


def test_what_is_selected_is_labelled_left_out_and_undone(page, project, selected):
    selected[:] = [0, 1]
    view = page("data", project="clothes")
    assert "2 images selected" in view.text
    view.choose("Class of these images", "sneaker").press("Give this class")
    assert manifest_of(project).table["label"].tolist()[:3] == ["sneaker", "sneaker", "bag"]
    view.press("Leave out")
    assert (manifest_of(project).table["problems"] == SET_ASIDE).sum() == 2
    assert current_number(project) == 3
    assert "Not used: 2 images left out" in view.text
    view.press("Undo").press("Undo")
    assert current_number(project) == 1
    assert view.press("Redo").widgets.button  # nothing is lost by going back
    assert current_number(project) == 2


@pytest.mark.parametrize("what", ["1 image left out", "another text"])
@pytest.mark.parametrize("press", ["Undo", "Go back to this version"])
def test_undo_takes_nothing_back_that_its_page_did_not_show(page, project, press, what):
    add_version(project, set_aside(whole_manifest_of(project), [0]), "1 image left out", 1, "Anna")
    anna = page("data", project="clothes", part="Versions")
    anna.widgets.selectbox[0].select_index(1)
    anna.look()
    add_version(project, set_aside(whole_manifest_of(project), [5]), what, 2, "Ben")
    assert f"changed in the meantime ({what}, by Ben)" in anna.press(press).errors
    assert current_number(project) == 3
    assert anna.press("Undo").errors == ""
    assert current_number(project) == 2


def test_what_is_sent_to_label_takes_no_other_queue_away(page, project, selected):
    from projects.queues import list_queues

    for rows in ([0, 1, 2], [7, 8]):
        selected[:] = rows
        page("data", project="clothes").press("Send to Label")
    assert [queue.rows for queue in list_queues(project)] == [[7, 8], [0, 1, 2]]


def test_two_findings_are_decided_in_two_queues(page, project):
    from projects.queues import list_queues

    found = [Finding("same image, two labels", ("a", "b"), f"{row} has two labels", (row, row + 10)) for row in (0, 1)]
    keep_findings(project, 1, found)
    for place in (0, 1):
        view = page("data", project="clothes", part="To do")
        [button for button in view.widgets.button if button.label == "Decide in Label"][place].click()
        view.look()
    assert sorted(queue.rows for queue in list_queues(project)) == [[0, 10], [1, 11]]


def test_an_image_that_is_opened_is_shown_large_with_what_is_known_of_it(page, project, selected):
    view = page("data", project="clothes", image="12")
    assert "/picture/clothes/1/12?side=1024" in view.html
    assert "**Class:** sneaker" in view.text
    view.press("Leave out")
    assert manifest_of(project).table["problems"][12] == SET_ASIDE


def test_a_class_is_renamed_merged_and_dropped(page, project):
    view = page("data", project="clothes", part="Classes")
    view.widgets.multiselect[0].set_value(["bag"])
    view.look().fill("New name", "handbag").press("Rename")
    assert manifest_of(project).class_names == ["handbag", "sneaker", "trouser"]
    view.widgets.multiselect[0].set_value(["handbag", "trouser"])
    view.look().choose("Merge into", "trouser").press("Merge")
    assert manifest_of(project).class_names == ["sneaker", "trouser"]
    view.widgets.multiselect[0].set_value(["sneaker"])
    view.look().press("Drop")
    assert "There is only one class, 'trouser'" in view.text.replace("\\", "")
    assert "Go on to Train" not in [link.proto.label for link in view.widgets.get("page_link")]


@pytest.mark.parametrize(
    ("chosen", "press"), [(["bag"], "Rename"), (["bag"], "Drop"), (["bag", "trouser"], "Merge"), (["bag"], "")]
)
def test_classes_that_somebody_changed_in_the_meantime_are_not_changed_and_that_is_said(page, project, chosen, press):
    anna = page("data", project="clothes", part="Classes")
    if press:
        anna.widgets.multiselect[0].set_value(chosen)
        anna.look()
    add_version(project, set_aside(whole_manifest_of(project), [5]), "1 image left out", 1, "Ben")
    if press:
        anna.press(press)
    else:
        anna.widgets.multiselect[0].set_value(chosen)
        anna.look()
    assert "changed in the meantime (1 image left out, by Ben)" in anna.errors
    assert current_number(project) == 2


def test_findings_are_a_list_of_things_to_do(page, project):
    copies = Finding("exact copies", ("a", "b"), "2 files with the same bytes", (0, 7))
    keep_findings(project, 1, [copies, Finding("dark", ("c",), "too dark", (5,))])
    view = page("data", project="clothes", part="To do")
    assert "2 files with the same bytes" in view.text
    assert "/picture/clothes/1/7?" in view.html
    view.press("Leave out")
    assert (manifest_of(project).table["problems"] == SET_ASIDE).sum() == 1
    kinds = next(each for each in view.widgets.button_group if each.label == "To do")
    kinds.set_value("dark")
    assert "too dark" in view.look().text
    view.press("It is fine")
    view = page("data", project="clothes", part="To do")
    assert "Dark images: too dark" in view.text
    view.press("Put back")
    assert "Dark images: too dark" not in view.text
    assert "dark" in open_tasks(project, 2)
    for tasks in open_tasks(project, 2).values():
        found_right(project, tasks)
    assert "Nothing is left to do: what there is was found to be fine" in view.look().text


def test_copies_whose_labels_differ_are_decided_and_not_left_out(page, project):
    keep_findings(project, 1, [Finding("exact copies", ("a", "b"), "2 files with the same bytes", (0, 12))])
    view = page("data", project="clothes", part="To do")
    kinds = next(each for each in view.widgets.button_group if each.label == "To do")
    kinds.set_value("exact copies")
    assert "Their labels differ" in view.look().text
    labels = [each.label for each in view.widgets.button]
    assert "Decide in Label" in labels
    assert "Leave out" not in labels


def test_classes_that_are_named_alike_are_made_one_also_where_an_image_has_several(page, here, collages):
    made = create_project("Clothes")
    table = Manifest.load(collages).table
    table["labels"] = [["Bag" if place % 3 == 0 and name == "bag" else name for name in labels]
                       for place, labels in enumerate(table["labels"])]  # fmt: skip
    add_version(made, Manifest(table, collages.parent), "80 images added", 0)
    before = table["labels"].explode().value_counts()
    view = page("data", project="clothes", part="To do")
    kinds = next(each for each in view.widgets.button_group if each.label == "To do")
    kinds.set_value("names alike")
    view.look().press("Make them one: bag")
    after = manifest_of(made).table["labels"].explode().value_counts()
    assert after.to_dict() == {"bag": before["bag"] + before["Bag"], **before.drop(["bag", "Bag"]).to_dict()}


def test_a_button_for_all_findings_is_for_those_that_were_shown_with_it(page, project):
    dark = [Finding("dark", (str(row),), "too dark", (row,)) for row in range(9)]
    keep_findings(project, 1, dark[:2])
    view = page("data", project="clothes", part="To do")
    kinds = next(each for each in view.widgets.button_group if each.label == "To do")
    kinds.set_value("dark")
    view.look()
    press = next(each for each in view.widgets.button if each.label == "Leave out all 2")
    keep_findings(project, 1, dark)
    press.click()
    view.look()
    assert current_number(project) == 1
    assert "Leave out all 9" in [each.label for each in view.widgets.button]


def test_versions_are_listed_with_their_differences(page, project, selected):
    selected[:] = [0]
    page("data", project="clothes").press("Leave out")
    view = page("data", project="clothes", part="Versions")
    assert "1 image left out" in view.text
    view.widgets.selectbox[0].select_index(1)
    view.look().press("Go back to this version")
    assert current_number(project) == 1


@pytest.fixture
def arrived(project):
    """What an import says of its images, by its id."""
    name = imports.ask_for(project, imports.Request("clothes", "clothes"))
    imports.report(project, name, imports.Report("30 images added", version=1))
    return name


def test_what_came_of_an_import_goes_with_the_next_change(page, project, arrived):
    view = page("data", project="clothes", part="Classes")
    assert "30 images added." in view.text
    view.widgets.multiselect[0].set_value(["bag"])
    view.look().fill("New name", "purse").press("Rename")
    assert "30 images added." not in view.text
    assert "30 images added." in view.press("Undo").text


def test_what_came_of_an_import_stays_beside_that_of_the_next_one(page, project, arrived):
    add_version(project, whole_manifest_of(project), "2 images added", 1)
    later = imports.ask_for(project, imports.Request("more", "more"))
    imports.report(project, later, imports.Report("2 images added", ("one file was no image",), version=2))
    text = page("data", project="clothes").text
    assert "30 images added." in text
    assert "2 images added." in text
    add_version(project, whole_manifest_of(project), "1 image left out", 2)
    text = page("data", project="clothes").text
    assert "30 images added." not in text
    assert "Earlier: 2 images added." in text  # what the files say besides is not read yet


def test_images_that_were_not_added_are_said_openly(page, project):
    name = imports.ask_for(project, imports.Request("three of nine", "table.csv"))
    imports.report(project, name, imports.Report("3 images added", unnamed=6, version=1))
    text = page("data", project="clothes").text
    assert "the file with the labels does not name them: 6 images" in text
    assert "Add them without that file, and they wait for a label here" in text


def test_the_files_of_an_import_that_was_cancelled_are_not_on_their_way(page, project):
    (project.uploads / "aa").mkdir()
    request = Request("other", str(project.uploads / "aa" / "other"))
    job, about = project.jobs / "one", {"import": ask_for(project, request)}
    write_json(job / "job.json", {"kind": "import", "title": "Add images", "asked": 0.0, "about": about})
    (job / "output.log").touch()
    (job / "cancel").touch()
    assert "not used in any version" in page("data", project="clothes", part="Files").text


@pytest.mark.parametrize("kind", ["import", "audit", "labels"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_job_that_was_killed_says_what_to_do_and_is_tried_again(page, project, monkeypatch, kind, is_known):
    started = []
    monkeypatch.setattr("parts.data.starting.start_job", lambda *facts, **_: started.append(facts[3][0]))
    name = ask_for(project, Request("other", "other"))
    about = {"import": name} if kind == "import" else {}
    if not is_known:
        imports.close(project, name)
    job = project.jobs / "one"
    write_json(job / "job.json", {"kind": kind, "title": "Work", "asked": 0.0, "about": about})
    (job / "output.log").touch()
    view = page("data", project="clothes")
    assert "Its process died without a word" in view.errors
    if kind == "labels" or (kind == "import" and not is_known):
        again = {"labels": "Write the labels again under Files; ", "import": "Add the images again; "}[kind]
        assert again in view.errors
        assert "Try again" not in view.text
        assert view.press("Close").errors == ""
        return
    assert (
        "Press “Try again”; if that ends in the same way, the memory of this computer may be too small" in view.errors
    )
    assert view.press("Try again").errors == ""
    assert started == [{"import": "jobs.programs.import_images", "audit": "jobs.programs.audit_images"}[kind]]
    assert not job.exists()
    assert kind == "audit" or imports.request_of(project, name).source == "other"


@pytest.mark.thorough
def test_images_of_a_server_folder_are_added_by_a_job_and_the_report_stays(page, here, clothes):
    project = create_project("Clothes")
    shutil.copy(sorted((clothes / "bag").glob("*.png"))[0], clothes / "sneaker" / "copy.png")
    view = page("data", project="clothes")
    view.widgets.button_group[0].set_value("On the server")
    view.look().choose("Folder or annotation file on the server", "/etc").press("Add these images")
    assert "lies outside of" in view.errors
    view.choose("Folder or annotation file on the server", str(clothes)).press("Add these images")
    view.wait_for("31 images added.").wait_for("Problems 5")  # three small classes, two copies, their two labels
    assert "The same image with two labels" in view.widgets.button_group[-1].options
    (told,) = unread_reports(project).values()
    assert any("notes.txt" in note for note in told.notes)
    again = page("data", project="clothes")
    assert "31 images added." in again.text
    assert "31 images added." not in again.press("Close").text


@pytest.mark.thorough
def test_boxes_are_asked_about_with_the_counts_of_each_way(page, here, clothes):
    project = create_project("Boxes")
    name = sorted((clothes / "bag").glob("*.png"))[0].name
    boxes = [{"id": n, "image_id": 1, "category_id": n, "bbox": [n, n, 9 + n, 9]} for n in (1, 2)]
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "cup"}]
    images = [{"id": 1, "file_name": f"bag/{name}", "width": 28, "height": 28}]
    content = {"images": images, "annotations": boxes, "categories": categories}
    (clothes / "instances.json").write_text(json.dumps(content))
    view = page("data", project="boxes")
    view.widgets.button_group[0].set_value("On the server")
    view.look().choose("Folder or annotation file on the server", str(clothes / "instances.json"))
    view.press("Add these images").wait_for("there are boxes")
    (radio,) = [each for each in view.widgets.radio if each.label == "An example is"]
    assert radio.options == [
        "an image that has one class: gives no example here",
        "each box, cut out: 2 examples of 2 classes",
        "an image, by its largest box: 1 example of 1 class",
        "an image with all its classes: 1 example of 2 classes",
    ]
    assert radio.value == "crop"
    view.choose("An example is", "single")
    assert "several classes: cat, cup" in view.text.replace("\\", "")
    assert page("data", project="boxes").press("Do not add them")
    assert open_questions(project) == {}
