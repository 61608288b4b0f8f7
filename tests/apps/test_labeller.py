"""Labelling in Chromium, with the keyboard: nothing waits for the app, and an app that is killed loses nothing."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.apps.served import Line, happens, look, settled

pytestmark = pytest.mark.browser
APP = Path(__file__).parents[2] / "apps" / "app.py"
PATIENCE = 90_000  # milliseconds


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def serve(here, waiting, port):
    """Start the app; it can be killed and started again at the same address."""
    started = []

    def start() -> subprocess.Popen:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", APP, "--server.port", str(port), "--server.headless", "true",
             "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        started.append(server)
        for line in server.stdout:
            if "URL:" in line:
                break
        return server

    yield start
    for server in started:
        server.terminate()
        server.communicate(timeout=30)


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    failures = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    assert not failures
    opened.close()


def test_ten_images_by_keys_survive_a_kill(page, serve, waiting, port):
    from projects.decisions import unsaved

    server = serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    assert (
        page.get_by_role("img", name=re.compile("Image to label"))
        .get_attribute("src")
        .startswith("/picture/clothes/2/30")
    )
    for key in "1231231":
        page.keyboard.press(key)
    page.get_by_text("7 of 12 done").wait_for()  # at once, whatever the app has heard of
    page.keyboard.press("z")
    page.get_by_text("You said").wait_for(state="hidden")
    page.keyboard.press("x")
    page.get_by_text("7 decided and not saved yet").wait_for()
    server.send_signal(signal.SIGKILL)
    server.wait()
    for key in "123":  # into the void
        page.keyboard.press(key)
    page.get_by_text("10 of 12 done").wait_for()
    serve()
    page.get_by_text("10 decided and not saved yet").wait_for()
    page.reload()
    page.get_by_text("10 of 12 done").wait_for()
    found = [(each.row, each.act, *each.labels) for each in unsaved(waiting)]
    names = ["bag", "sneaker", "trouser"]
    assert found == [*((30 + place, "label", names[place % 3]) for place in range(6)), (36, "aside"),
                     *((37 + place, "label", names[place]) for place in range(3))]  # fmt: skip
    page.get_by_role("button", name="Save these labels").click()
    page.get_by_text("All is saved").wait_for()
    page.get_by_text("0 of 2 done").wait_for()


def test_decisions_about_one_image_are_undone_one_by_one(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    for key in ("1", "ArrowLeft", "2", "ArrowLeft", "3", "z", "z"):
        page.keyboard.press(key)
    page.get_by_text("You said: bag").wait_for()
    page.get_by_text("1 decided and not saved yet").wait_for()
    page.keyboard.press("2")  # once more, and after the page is loaded again
    expect(page.get_by_text("1 of 12 done")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    assert [each.labels for each in unsaved(waiting)] == [["bag"], ["sneaker"]]
    page.reload()
    page.get_by_text("1 of 12 done").wait_for()
    page.keyboard.press("z")
    page.get_by_text("You said: bag").wait_for()
    page.keyboard.press("z")
    page.get_by_text("All is saved").wait_for()
    assert not unsaved(waiting)


def test_what_somebody_else_decided_is_not_undone(page, serve, waiting, port):
    from projects.decisions import read_decision, record, unsaved

    values = {"id": "other-1", "queue": "no-label", "version": 2, "row": 30, "act": "label", "labels": ["bag"]}
    record(waiting, [read_decision(values, "Ann")])
    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("1 of 12 done").wait_for()
    page.keyboard.press("z")
    page.get_by_text("There is nothing to undo").wait_for()
    assert [each.id for each in unsaved(waiting)] == ["other-1"]


def test_a_decision_that_is_refused_is_said_and_its_image_comes_again(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("/")
    field = page.get_by_label("Find a class, or type a new one")
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill("y" * 201)
    page.keyboard.press("Enter")
    page.get_by_text("has more than 200 characters").wait_for()
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("1")
    page.get_by_text("1 decided and not saved yet").wait_for()
    assert [(each.row, each.labels) for each in unsaved(waiting)] == [(30, ["bag"])]


@pytest.mark.parametrize(("gone", "said"), [("", "There is no project"), ("data/current.json", "There are no images")])
def test_what_goes_away_while_it_is_labelled_is_a_sentence_and_nothing_is_lost(page, serve, waiting, port, gone, said):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    place, elsewhere = waiting.folder / gone, waiting.folder.with_name("elsewhere")
    shutil.move(place, elsewhere)
    page.keyboard.press("1")
    page.get_by_text("The last labels wait in this browser").wait_for()
    settled(page)
    expect(page.get_by_text(said)).to_have_count(1)
    expect(page.get_by_text("encountered an error")).to_have_count(0)
    shutil.rmtree(place, ignore_errors=True)  # a thumbnail may have made the folder again
    shutil.move(elsewhere, place)
    page.reload()
    page.get_by_text("1 decided and not saved yet").wait_for()
    assert [(each.row, each.labels) for each in unsaved(waiting)] == [(30, ["bag"])]


def test_a_key_that_is_held_down_decides_once(page, serve, waiting, port):
    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    page.get_by_text("1 decided and not saved yet").wait_for()
    page.get_by_text("1 of 12 done").wait_for()


def test_the_enter_that_ends_a_composed_word_makes_no_class(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    field = page.get_by_label("Find a class, or type a new one")
    field.fill("ね")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    field.fill("ねこ")
    field.press("Enter")
    page.get_by_text("1 decided and not saved yet").wait_for()
    assert [each.labels for each in unsaved(waiting)] == [["ねこ"]]


def test_typing_a_new_class_is_not_taken_for_keys(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("Choose a class first").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("xyz scarf 1")
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("1 of 12 done").wait_for()
    page.get_by_role("button", name="xyz scarf 1").wait_for()
    page.keyboard.press("4")  # its key from now on
    page.keyboard.press("s")
    page.get_by_text("2 decided and not saved yet").wait_for()
    assert [each.labels for each in unsaved(waiting)] == [["xyz scarf 1"]] * 2
    page.get_by_text("3 of 12 done").wait_for()


def test_a_name_that_is_being_typed_is_not_lost_when_the_data_gets_a_new_version(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    look(page, f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.keyboard.press("1")
    page.get_by_text("1 decided and not saved yet").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("xyz sc")
    save_as_somebody_else_does(page)
    page.keyboard.type("arf 1")
    expect(page.get_by_label("Find a class, or type a new one")).to_have_value("xyz scarf 1")
    page.keyboard.press("Enter")
    page.get_by_text("1 decided and not saved yet").wait_for()
    assert [(each.row, each.labels) for each in unsaved(waiting)] == [(31, ["xyz scarf 1"])]
    page.get_by_text("1 of 11 done").wait_for()


def test_a_crop_and_classes_that_are_marked_are_not_lost_when_the_data_gets_a_new_version(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    look(page, f"http://localhost:{port}/label?project=clothes&queue=no-label&several=1")
    for key in ("1", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("1 decided and not saved yet").wait_for()
    for key in ("2", "3", "b", "ArrowUp", "b"):
        page.keyboard.press(key)
    save_as_somebody_else_does(page)
    page.keyboard.press("Enter")
    page.get_by_text("1 decided and not saved yet").wait_for()
    (decision,) = unsaved(waiting)
    assert (decision.row, decision.labels) == (31, ["sneaker", "trouser"])
    assert decision.box == pytest.approx([5.6, 5.6, 22.4, 22.4])  # of 28 x 28 pixels
    page.get_by_text("1 of 11 done").wait_for()


def test_an_image_that_was_just_decided_on_does_not_come_again_with_a_new_version(page, serve, waiting, port):
    from projects.decisions import unsaved
    from projects.fold_decisions import save_decisions

    serve()
    line = Line(page)
    look(page, f"http://localhost:{port}/label?project=clothes&queue=no-label")
    decide(waiting, {41: "bag"})
    save_decisions(waiting)
    with line.held():
        page.keyboard.press("1")
        happens(page, lambda: len(unsaved(waiting)) == 1)
        page.keyboard.press("2")  # which the app cannot have heard of when it says that there is a new version
    page.get_by_text("2 decided and not saved yet").wait_for()
    settled(page)
    page.keyboard.press("3")
    page.get_by_text("3 decided and not saved yet").wait_for()
    assert [(each.row, *each.labels) for each in unsaved(waiting)] == [(30, "bag"), (31, "sneaker"), (32, "trouser")]


def save_as_somebody_else_does(page) -> None:
    """The labels become a new version, and the page hears of it; the focus stays where it is."""
    page.get_by_role("button", name="Save these labels").evaluate("button => button.click()")
    page.get_by_text("All is saved").wait_for()
    settled(page)


def decide(project, labels: dict[int, str], tab: str = "other") -> None:
    """Label images elsewhere, by their rows."""
    from projects.decisions import read_decision, record

    about = {"queue": "no-label", "version": 2, "act": "label"}
    values = [{"id": f"{tab}-{row}", "row": row, "labels": [label], **about} for row, label in labels.items()]
    record(project, [read_decision(each, "Ann") for each in values])


def test_labels_that_wait_for_a_deleted_project_do_not_come_into_a_new_one_of_its_name(page, serve, waiting, port):
    from projects.decisions import unsaved
    from projects.project import create_project, delete_project
    from projects.versions import add_version, whole_manifest_of

    address = f"http://localhost:{port}/label?project=clothes&queue=no-label"
    server = serve()
    look(page, address)
    server.send_signal(signal.SIGKILL)
    server.wait()
    page.keyboard.press("1")
    page.get_by_text("1 of 12 done").wait_for()
    manifest = whole_manifest_of(waiting)
    delete_project(waiting)
    again = create_project("Clothes")
    for number in (0, 1):
        add_version(again, manifest, "images added", number)
    serve()
    look(page, address)
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("2")
    page.get_by_text("1 decided and not saved yet").wait_for()
    settled(page)
    assert [each.labels for each in unsaved(again)] == [["sneaker"]]


@pytest.mark.parametrize("known", [True, False])
def test_labels_that_the_app_of_before_kept_are_taken_where_their_project_is_known(page, serve, waiting, port, known):
    from projects.decisions import unsaved

    about = {"queue": "no-label", "version": 2, "act": "label", "box": None, "of": ""}
    if known:
        decide(waiting, {41: "bag"}, tab="7-1")
    kept = json.dumps([{"id": "7-1-2", "row": 30, "labels": ["bag"], **about}])
    page.add_init_script(
        f"if (!sessionStorage.begun) localStorage.setItem('imgcls-decisions-clothes/7-1', {json.dumps(kept)});"
        "sessionStorage.begun = 1;"
    )
    serve()
    look(page, f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("2 decided and not saved yet" if known else "may be of another project of this name").wait_for()
    page.get_by_text("2 of 12 done" if known else "0 of 12 done").wait_for()
    assert [each.row for each in unsaved(waiting)] == ([41, 30] if known else [])
    kept = "Object.keys(localStorage).filter(key => key.startsWith('imgcls-decisions'))"
    page.wait_for_function(f"{kept}.length === 0")


def test_many_images_get_one_class_with_one_key(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label&mode=many")
    cell = lambda place: page.locator(f".cell[data-place='{place}']")  # noqa: E731
    cell(1).click()
    cell(4).click(modifiers=["Shift"])
    page.keyboard.press("2")
    page.get_by_text("4 decided and not saved yet").wait_for()
    page.get_by_role("grid", name="8 images").wait_for()
    assert [(each.row, each.labels) for each in unsaved(waiting)] == [(row, ["sneaker"]) for row in (31, 32, 33, 34)]
    page.keyboard.press("z")
    page.get_by_role("grid", name="12 images").wait_for()
    assert not unsaved(waiting)


def test_many_images_are_undone_after_a_reload_but_not_by_another_browser(page, browser, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    address = f"http://localhost:{port}/label?project=clothes&queue=no-label&mode=many"
    page.goto(address)
    page.locator(".cell[data-place='1']").click()
    page.locator(".cell[data-place='4']").click(modifiers=["Shift"])
    page.keyboard.press("2")
    page.get_by_text("4 decided and not saved yet").wait_for()
    another = browser.new_context().new_page()
    another.goto(address)
    another.get_by_role("button", name="Undo").click()
    another.get_by_text("There is nothing to undo").wait_for()
    assert len(unsaved(waiting)) == 4
    page.reload()
    page.get_by_text("4 decided and not saved yet").wait_for()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("All is saved")).to_be_visible(timeout=20_000)
    assert not unsaved(waiting)


def test_who_decides_later_is_told_and_an_undo_brings_the_earlier_decision_back(page, serve, waiting, port):
    from projects.decisions import read_decision, record, unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    values = {"id": "other-1", "queue": "no-label", "version": 2, "row": 30, "act": "label", "labels": ["bag"]}
    record(waiting, [read_decision(values, "Ann")])
    page.keyboard.press("2")
    expect(page.get_by_text("Ann chose “bag” for")).to_be_visible(timeout=20_000)
    page.keyboard.press("z")
    page.wait_for_timeout(1500)
    assert [each.id for each in unsaved(waiting)] == ["other-1"]


def test_who_decides_on_what_was_saved_since_is_told_and_it_stays(page, serve, waiting, port):
    from projects.fold_decisions import save_decisions
    from projects.versions import manifest_of

    serve()
    look(page, f"http://localhost:{port}/label?project=clothes&queue=no-label")
    decide(waiting, {30: "bag"})
    save_decisions(waiting)
    page.keyboard.press("2")
    expect(page.get_by_text("got “bag” in the meantime, and that stays")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Save these labels").click()
    page.get_by_text("1 image was changed on another page, and stays so.").wait_for()
    assert manifest_of(waiting).table["label"][30] == "bag"


def test_a_key_that_is_held_down_acts_once_on_many_images(page, serve, waiting, port):
    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label&mode=many")
    page.locator(".cell[data-place='1']").click()
    page.locator(".said").get_by_text("12 images, 1 selected").wait_for()
    for key in (" ", "ArrowRight"):
        for _ in range(2):
            page.keyboard.down(key)
        page.keyboard.up(key)
    expect(page.locator(".cell[data-place='1']")).to_have_attribute("aria-selected", "false")
    expect(page.locator(".cell[data-place='3']")).to_be_focused()


def test_a_crop_is_drawn_with_the_mouse(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label")
    page.get_by_text("0 of 12 done").wait_for()
    page.keyboard.press("b")
    frame = page.locator(".frame.drawing")
    expect(frame).to_have_css("width", "392px", timeout=PATIENCE)  # 28 pixels, each 14 times as large
    edges = frame.bounding_box()
    page.mouse.move(edges["x"] + edges["width"] / 4, edges["y"] + edges["height"] / 4)
    page.mouse.down()
    page.mouse.move(edges["x"] + edges["width"] / 2, edges["y"] + edges["height"] * 0.75, steps=4)
    page.mouse.up()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.get_by_text("1 decided and not saved yet").wait_for()
    (decision,) = unsaved(waiting)
    assert decision.box == pytest.approx([7.28, 7, 14.28, 21], abs=0.5)  # of 28 x 28 pixels


def test_several_classes_are_given_to_many_images_and_a_double_click_opens_one(page, serve, waiting, port):
    from projects.decisions import unsaved

    serve()
    page.goto(f"http://localhost:{port}/label?project=clothes&queue=no-label&mode=many&several=1")
    cell = lambda place: page.locator(f".cell[data-place='{place}']")  # noqa: E731
    cell(1).click()
    cell(2).click(modifiers=["Shift"])
    page.keyboard.press("1")
    page.get_by_text("✓ bag", exact=True).first.wait_for()
    page.keyboard.press("3")
    page.get_by_text("✓ bag, trouser").nth(1).wait_for()
    page.get_by_role("grid", name="12 images").wait_for()
    page.keyboard.press("1")
    page.get_by_text("✓ trouser", exact=True).nth(1).wait_for()
    assert [(each.row, each.labels) for each in unsaved(waiting)][-2:] == [(31, ["trouser"]), (32, ["trouser"])]
    cell(5).dblclick()
    page.get_by_role("dialog").get_by_role("img").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Hide those that are decided").click()
    page.get_by_role("grid", name="10 images").wait_for()
