"""The page Results, on a run that was trained and judged for real, in a project with the same images."""

import io
import json
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from jobs.job import live_jobs
from judged_project import MISLABELLED, SEEN, WRONG, judge
from PIL import Image
from projects.queues import load_queue

from imgcls.data.manifest.table import Manifest
from imgcls.files import write_json
from imgcls.run_folder import RunFolder
from tests.apps.served import look, running, settled

pytestmark = pytest.mark.thorough

APP = Path(__file__).parents[2] / "apps" / "app.py"
PATIENCE = 180_000  # milliseconds


@pytest.fixture(scope="module")
def judged_folder(small_run, tmp_path_factory):
    return judge(small_run, tmp_path_factory.mktemp("judged") / "first").path


@pytest.fixture
def flawed(here, judged_folder):
    """A project with a run that was judged, and the images of it as its only version."""
    from projects.project import create_project
    from projects.versions import add_version

    made = create_project("Flawed")
    shutil.copytree(judged_folder, made.runs / "first")
    add_version(made, Manifest.load(RunFolder(made.runs / "first").manifest_file), "150 images added", 0)
    return made


@pytest.fixture
def open_results(page, flawed):
    def opened(**address):
        view = page("results", project="flawed", **address)
        assert not view.errors
        return view

    return opened


def said(view) -> str:
    """What can be read on the page, without the marks that keep names out of Markdown."""
    return view.text.replace("\\", "")


def press(view, start: str):
    """Press the button whose label begins so."""
    next(button for button in view.widgets.button if button.label.startswith(start)).click()
    return view.look()


def address(view, name: str) -> str:
    """What the address says."""
    value = view.widgets.query_params[name]
    return value if isinstance(value, str) else value[0]


def queue_of(project, view):
    return load_queue(project, address(view, "queue"))


def rows_of(project, queue):
    from projects.versions import manifest_of

    return manifest_of(project, queue.version).table.loc[list(queue.rows)]


def test_a_project_without_a_finished_run_says_what_to_do_first(page, project):
    view = page("results", project="clothes")
    assert not view.errors
    assert "Train one first" in said(view)


def test_it_begins_with_accuracy_and_interval_the_weakest_classes_and_what_to_do(open_results):
    view = open_results(run="first")
    assert "new images rightly (" in view.widgets.subheader[0].value
    assert "The weakest classes" in said(view)
    assert {"Find wrong labels", "Deploy it", "Fix these labels"} <= {button.label for button in view.widgets.button}
    assert "--" not in said(view)
    assert "manifest" not in said(view)
    assert "tensorflow" not in said(view)


def test_of_a_class_with_few_images_it_says_how_many_there_are(open_results, flawed):
    judged = json.loads((flawed.runs / "first" / "evaluation.json").read_text())
    shown = said(open_results(run="first"))
    for each in judged["classes"]:
        part = round(each["recall"] * each["support"])
        assert f"**{each['name']}**  \nIt finds {part} of {each['support']} images; of many more" in shown


def test_a_cell_of_the_matrix_stands_in_the_address_and_becomes_a_queue_with_suggestions(open_results, flawed):
    view = open_results(run="first", cell=f"{WRONG},{SEEN}")
    assert f"of {WRONG}, taken for {SEEN}" in said(view)
    view.press("Fix these labels")
    queue = queue_of(flawed, view)
    assert len(queue.rows) >= MISLABELLED
    assert set(queue.suggestions.values()) == {SEEN}
    rows = rows_of(flawed, queue)
    assert set(rows["label"]) == {WRONG}
    assert set(rows["split"]) == {"test"}


def test_other_images_of_the_same_cell_are_another_queue(open_results, flawed, monkeypatch):
    from parts.grid import GridAnswer

    queues = []
    for place in (0, 1):
        choose = lambda *shown, chosen=place, **_: GridAnswer([shown[3][chosen]], None)  # noqa: E731
        monkeypatch.setattr("parts.results.pictures.image_grid", choose)
        view = open_results(run="first", cell=f"{WRONG},{SEEN}").press("Fix 1 label")
        queues.append((address(view, "queue"), queue_of(flawed, view).rows))
    assert [load_queue(flawed, name).rows for name, _ in queues] == [rows for _, rows in queues]
    assert queues[0][1] != queues[1][1]


def test_the_weakest_class_leads_to_what_it_is_taken_for(open_results):
    view = open_results(run="first")
    taken = next(button for button in view.widgets.button if f"taken for {SEEN}" in button.label)
    taken.click()
    assert address(view.look(), "cell") == f"{WRONG},{SEEN}"
    view.press("Show all mistakes")
    assert "that it gets wrong" in said(view)


def test_a_cell_without_images_is_said_and_leads_back(open_results, monkeypatch):
    from parts.results import mistakes

    monkeypatch.setattr(mistakes, "chosen_places", lambda judged, cell: np.array([], int))
    view = open_results(run="first", cell=f"{WRONG},{SEEN}")
    assert "No image. Choose another cell of the matrix." in said(view)
    labels = {button.label for button in view.widgets.button}
    assert "Show all mistakes" in labels
    assert "Fix these labels" not in labels


def test_pictures_that_are_not_in_the_data_any_more_are_said(open_results, flawed):
    from projects.versions import add_version, whole_manifest_of

    manifest = whole_manifest_of(flawed)
    kept = manifest.table[~((manifest.table["label"] == WRONG) & (manifest.table["split"] == "test"))]
    add_version(flawed, Manifest(kept.reset_index(drop=True), manifest.root), "some removed", 1)
    view = open_results(run="first", cell=f"{WRONG},{SEEN}")
    assert "not in the data any more" in said(view)
    assert next(button for button in view.widgets.button if button.label == "Fix these labels").disabled


@pytest.mark.parametrize(("boxes", "is_there"), [(1, True), (2, False)])
def test_a_picture_whose_box_was_drawn_since_is_in_the_data_still(open_results, flawed, boxes, is_there):
    from projects.judged_run import judged_run
    from projects.versions import add_version, whole_manifest_of

    from imgcls.labels.records import BOX

    judged = judged_run(flawed, "first")
    place, manifest = int(judged.cell(WRONG, SEEN)[0]), whole_manifest_of(flawed)
    row = int(judged.rows_now[place])
    table = pd.concat([manifest.table, *[manifest.table.loc[[row]]] * (boxes - 1)], ignore_index=True)
    for count, at in enumerate([row, *range(len(manifest.table), len(table))]):
        table.loc[at, list(BOX)] = (2.0 + count, 2.0, 20.0, 20.0)
    add_version(flawed, Manifest(table, manifest.root), "a box drawn", 1)
    assert judged.rows_now[place] == (row if is_there else -1)
    assert np.delete(judged.rows_now, place).min() >= 0
    view = open_results(run="first", picture=str(place))
    assert ("This image is not in the data any more." in said(view)) is not is_there
    assert next(button for button in view.widgets.button if button.label == "Fix this label").disabled is not is_there


def test_how_many_pictures_are_gone_is_said_in_words():
    from parts.results.to_label import _gone

    assert _gone(1, 9) == "1 of these images is not in the data any more."
    assert _gone(2, 9) == "2 of these images are not in the data any more."


def test_without_images_that_wait_for_a_label_more_of_a_class_are_added_on_data(open_results):
    assert "add" in press(open_results(run="first"), "Label more of").widgets.query_params


def test_labels_that_a_review_calls_wrong_are_sent_to_label(open_results, flawed):
    from projects.judged_run import judged_run

    judged = judged_run(flawed, "first")
    images = judged.table.rows["image"].iloc[judged.cell(WRONG, SEEN)]
    queue = [
        {"image": image, "given": WRONG, "suggested": SEEN, "probability": 0.9, "why": "looks wrong"}
        for image in images
    ]
    write_json(judged.folder.review_file, {"queue": queue, "judged": 150, "looks_wrong": len(queue), "share": None})
    view = press(open_results(run="first"), f"Check {len(queue)} likely wrong label")
    assert address(view, "queue") == "wrong:first"


@pytest.mark.slow
def test_images_that_wait_for_a_label_become_a_queue_with_what_the_model_says(open_results, flawed):
    from projects.versions import NO_LABEL, add_version, whole_manifest_of

    manifest = whole_manifest_of(flawed)
    table = manifest.table.copy()
    rows = table.index[table["split"] == "train"][:3].tolist()
    table.loc[rows, "problems"] = NO_LABEL
    add_version(flawed, Manifest(table, manifest.root), "three without label", 1)
    queue = queue_of(flawed, press(open_results(run="first"), "Label more of"))
    assert sorted(queue.rows) == rows
    assert set(queue.suggestions) == set(rows)


def test_a_run_that_still_rose_is_trained_longer_on_train(open_results, flawed):
    run = RunFolder(flawed.runs / "first")
    run.metrics_file.unlink()
    for epoch, share in enumerate((0.4, 0.5, 0.6, 0.7), start=1):
        run.append_metrics(
            {"epoch": epoch, "loss": 1 - share, "accuracy": share, "val_loss": 1 - share, "val_accuracy": share}
        )
    view = press(open_results(run="first"), "Train longer")
    assert view.widgets.session_state["changed settings of flawed"] == {("training", "epochs"): 8}


def test_a_run_that_is_gone_is_said_and_no_other_is_taken_in_its_place(open_results, flawed):
    shutil.copytree(flawed.runs / "first", flawed.runs / "second")
    view = open_results(run="second")
    (flawed.runs / "second").rename("elsewhere")
    press(view, "Deploy it")
    assert "The run second is not finished, or not there any more. Choose another one." in said(view)
    assert address(view, "run") == "second"
    assert "Deploy it" in view.choose("Run", "first").text


def test_the_threshold_is_kept_for_predict_and_deploy(open_results, flawed):
    from projects.threshold import threshold_of

    assert threshold_of(flawed, "first") == 0.5
    view = open_results(run="first", show="sure")
    before = [metric.value for metric in view.widgets.metric]
    view.widgets.slider[0].set_value(99)
    view.look()
    assert threshold_of(flawed, "first") == 0.99
    after = [metric.value for metric in view.widgets.metric]
    assert float(after[0].split()[0]) < float(before[0].split()[0])
    assert open_results(run="first", show="sure").widgets.slider[0].value == 99


def test_a_threshold_that_was_set_elsewhere_stays_and_is_shown(open_results, flawed):
    from projects.threshold import set_threshold, threshold_of

    view = open_results(run="first", show="sure")
    set_threshold(flawed, "first", 0.8)
    view.look()
    assert threshold_of(flawed, "first") == 0.8
    assert view.widgets.slider[0].value == 80


def test_parts_of_the_report_are_drawn_from_the_figures_of_the_run(open_results):
    view = open_results(run="first", show="parts")
    titles = [shown.value for shown in view.widgets.subheader]
    assert "Where it is worse than elsewhere" in titles
    assert WRONG in set(view.widgets.dataframe[-1].value["class"])


def test_the_images_of_a_part_are_shown_and_go_to_label(open_results, flawed):
    from projects.judged_run import judged_run
    from worker.tasks import parts

    judged = judged_run(flawed, "first")
    part = judged.analyses["slices"][0]
    view = open_results(run="first", show="parts")
    titles = next(box for box in view.widgets.selectbox if box.label == "Look at the images of").options
    assert part["value"] in titles[0]
    parts.members(str(judged.folder.path.absolute()), "test", str(judged.findings / "parts.json"))  # as the worker does
    view.choose("Look at the images of", titles[0]).choose("Only wrong answers", False)
    assert f"{part['images']} images" in view.text
    view.press("Label these")
    assert len(queue_of(flawed, view).rows) == part["images"]


def test_the_learning_curve_is_measured_and_shown(open_results, flawed):
    def titles(view) -> list[str]:
        return [shown.value for shown in view.widgets.subheader]

    view = open_results(run="first", show="parts").press("Measure the learning curve")
    until = time.monotonic() + 240
    while not RunFolder(flawed.runs / "first").learning_curve_file.exists() or live_jobs():
        assert time.monotonic() < until
        time.sleep(0.5)
    view.look()
    assert "Would more images help?" in titles(view)
    assert "There is too little to say." in said(view)  # of so few images
    assert "Measure the learning curve" not in said(view)


def test_report_model_card_and_answers_can_be_taken_away(open_results):
    view = open_results(run="first", show="report")
    labels = {button.label for button in view.widgets.get("download_button")}
    answers = {"Download the answers", "Download the answers as Parquet"}
    assert labels == {"Download the report", "Download the model card", *answers}


def test_the_answers_are_a_table_for_spreadsheets_that_is_made_when_it_is_asked_for(open_results, monkeypatch):
    from parts.results import downloads

    buttons = {}
    monkeypatch.setattr(downloads.st, "download_button", lambda label, data, *_, **__: buttons.update({label: data}))
    open_results(run="first", show="report")
    content = buttons["Download the answers"]()
    assert content.startswith(b"\xef\xbb\xbfimage,label,answer,right,probability,")
    table = pd.read_csv(io.BytesIO(content))
    wrong = table[(table["label"] == WRONG) & (table["answer"] == SEEN)]
    assert len(wrong) >= MISLABELLED
    assert set(wrong["right"]) == {"no"}
    assert table[[WRONG, SEEN, "trouser"]].sum(axis=1).round(4).eq(1).all()


def test_the_report_on_the_page_hides_its_commands_and_the_downloaded_one_does_not(open_results, flawed):
    view = open_results(run="first", show="report")
    view.widgets.toggle[0].set_value(True)
    shown = view.look().widgets.get("iframe")[0].proto.srcdoc
    assert '<html data-theme="light" data-commands="hidden"' in shown
    assert "data-commands=" not in (flawed.runs / "first" / "report.html").read_text("utf-8").split("<style>")[0]


def test_two_runs_are_compared_on_the_same_images(open_results, flawed):
    alone = open_results(run="first", show="compare")
    assert "no other finished run" in said(alone)
    shutil.copytree(flawed.runs / "first", flawed.runs / "second")
    view = open_results(run="first", show="compare")
    assert "No difference can be seen" in said(view)
    assert address(view, "with") == "second"


def test_a_picture_shows_why_it_is_answered_so_and_what_it_saw_is_kept(open_results, monkeypatch):
    from projects.judged_run import judged_run
    from projects.project import open_project

    judged = judged_run(open_project("flawed"), "first")
    place = int(judged.cell(WRONG, SEEN)[0])
    view = open_results(run="first", picture=str(place)).wait_for("What counts for the answer")
    assert f"Labelled {WRONG}, answered {SEEN}" in view.html
    for title in (f"For {SEEN}", f"For {WRONG}", f"For {SEEN}, not {WRONG}"):
        assert title in view.html
    assert view.html.count("% alike") == 8
    assert view.html.count("linear-gradient") == 3
    for file in judged.findings.glob("*/map-*.png"):
        with Image.open(file) as image:
            assert image.width == image.height  # as the image: without a frame and a bar of colors on white
    monkeypatch.setattr("parts.results.computed.call", lambda *_, **__: pytest.fail("it was computed again"))
    again = open_results(run="first", picture=str(place))
    assert f"For {SEEN}, not {WRONG}" in again.html
    again.press("Back to all images")
    assert "picture" not in again.widgets.query_params


def test_the_map_of_pictures_is_laid_out_once_and_chosen_ones_go_to_label(open_results, flawed, monkeypatch):
    open_results(run="first", show="map").wait_for("Trustworthiness")
    monkeypatch.setattr("parts.results.computed.call", lambda *_, **__: pytest.fail("it was computed again"))
    view = open_results(run="first", show="map")
    press(view.choose("Class", WRONG), "Choose these")
    assert "chosen" in said(view)
    view.press("Label these")
    rows = rows_of(flawed, queue_of(flawed, view))
    assert set(rows["label"]) == {WRONG}
    assert len(rows) >= MISLABELLED


def test_what_is_chosen_on_the_map_stands_in_the_address(open_results, flawed):
    from projects.judged_run import judged_run
    from projects.kept_places import kept_places

    open_results(run="first", show="map", layout="tsne").wait_for("Trustworthiness")
    view = open_results(run="first", show="map", layout="tsne")
    press(view.choose("Class", WRONG).choose("Only wrong answers", False), "Choose these")
    name, judged = address(view, "chosen"), judged_run(flawed, "first")
    places = kept_places(judged, name).tolist()
    assert {judged.true(place) for place in places} == {WRONG}
    again = open_results(run="first", show="map", layout="tsne", chosen=name)
    assert f"{len(places)} images chosen" in said(again)
    assert next(radio for radio in again.widgets.radio if radio.label == "Layout").value == "tsne"
    assert "chosen" not in said(open_results(run="first", show="map", layout="tsne", chosen="../first"))
    assert way(open_results(run="first", show="map", chosen=name, picture=str(places[1]))) == (2, len(places))


def way(view) -> tuple[int, int]:
    """Which image of how many is open."""
    found = re.search(r"(\d+) of (\d+)$", said(view), re.MULTILINE)
    return int(found[1]), int(found[2])


def test_the_way_through_is_that_of_the_part_from_which_a_picture_was_opened(open_results, flawed):
    from projects.judged_run import judged_run
    from worker.tasks import parts

    judged = judged_run(flawed, "first")
    file = judged.findings / "parts.json"
    parts.members(str(judged.folder.path.absolute()), "test", str(file))  # as the worker does
    title, members = next((title, members) for title, members in json.loads(file.read_text()).items() if members)
    of_part = {"run": "first", "show": "parts", "slice": title, "wrong": "False"}
    view = open_results(**of_part, picture=str(members[0]))
    assert way(view) == (1, len(members))
    view.press("Next")
    assert address(view, "picture") == str(members[1])
    back = view.press("Back to all images")
    assert not next(box for box in back.widgets.checkbox if box.label == "Only wrong answers").value


def test_the_way_through_is_that_of_the_images_that_one_run_gets_right(open_results, flawed):
    from imgcls.evaluation.prediction_table import PredictionTable

    shutil.copytree(flawed.runs / "first", flawed.runs / "second")
    file = RunFolder(flawed.runs / "second").predictions_file("test")
    table = PredictionTable.load(file)
    right = np.flatnonzero(table.labels == table.predicted)[:3]
    changed = table.probabilities.copy()
    changed[right] = np.roll(changed[right], 1, axis=1)  # which makes them wrong
    replace(table, probabilities=changed).save(file)
    view = open_results(run="first", show="compare", **{"with": "second"}, picture=str(right[0]))
    assert way(view)[1] == len(right)
    other = open_results(run="second", show="compare", **{"with": "first"}, picture=str(right[0]))
    assert way(other)[1] == len(right)


def test_a_run_that_is_gone_is_said_and_the_latest_is_shown(open_results):
    assert "not there any more" in said(open_results(run="other"))


def test_damaged_files_of_a_run_are_said(page, flawed):
    (flawed.runs / "first" / "predictions" / "test.parquet").write_bytes(b"half")
    view = page("results", project="flawed", run="first")
    assert "are damaged. Choose another run" in view.errors


@pytest.fixture
def served(flawed):
    """The address of the app, served as `streamlit run` serves it."""
    with running() as found:
        yield f"{found}/results?project=flawed&run=first"


@pytest.mark.browser
def test_a_cell_is_clicked_a_picture_opened_and_a_lasso_drawn(browser, served):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(served)
    page.get_by_role("button", name=f"of {WRONG} taken for {SEEN}").click()
    page.get_by_text(f"of {WRONG}, taken for {SEEN}").wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_text(f"of {SEEN}, named rightly").wait_for()
    page.reload()
    page.get_by_text(f"of {SEEN}, named rightly").wait_for()
    page.get_by_role("button", name="Show all mistakes").click()  # the cell has images on some processors only
    page.get_by_text("that it gets wrong").wait_for()
    page.get_by_role("gridcell").first.click()
    page.get_by_text("What counts for the answer").wait_for()
    page.get_by_role("button", name="Back to all images").click()
    page.get_by_text("Map of images").click()
    canvas = page.locator(".frame canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for right, down in ((1, 0), (1, 1), (0, 1), (0, 0)):
        page.mouse.move(box["x"] + 2 + right * (box["width"] - 4), box["y"] + 2 + down * (box["height"] - 4), steps=3)
    page.mouse.up()
    page.get_by_text("30 images chosen").wait_for()
    page.wait_for_url("**chosen=*")
    page.reload()
    page.get_by_text("30 images chosen").wait_for()
    page.get_by_role("gridcell").first.click()
    page.get_by_text("1 of 30", exact=True).wait_for()
    assert not failures


@pytest.mark.browser
@pytest.mark.parametrize("shown", [f"show=mistakes&cell={WRONG},{SEEN}", "show=mistakes"])
def test_back_from_label_leads_to_what_was_left(browser, flawed, served, shown):
    shutil.copytree(flawed.runs / "first", flawed.runs / "later")  # which Results opens where the address names none
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{served}&{shown}")
    left, heading = unquote(page.url), page.locator("h3").first.inner_text()
    page.get_by_role("button", name="Fix these labels").click()
    page.wait_for_url("**/label?*")
    settled(page)
    assert "queue=first" in page.url
    page.go_back()
    page.wait_for_url("**/results?*")
    settled(page)
    assert unquote(page.url) == left
    assert page.locator("h3").first.inner_text() == heading
    page.go_forward()
    page.get_by_role("heading", name="Label", exact=True).wait_for()
    settled(page)
    assert "queue=first" in page.url
