"""The report as an analyst uses it in Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from imgcls.data.audit import KINDS, Finding
from imgcls.evaluation.pages.section import NextStep, Section
from imgcls.evaluation.report.report import write_report
from tests.evaluation.predicted import predicted, several
from tests.evaluation.report.test_report import HOSTILE, report_of

pytestmark = pytest.mark.browser
NAMES = ["bag", "coat", "shirt"]


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a report; at the end, no error was seen and nothing was asked of the network."""
    wrong, pages = [], []

    def open_report(report, **how):
        write_report(tmp_path / "report.html", report)
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **how})
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
        page.goto((tmp_path / "report.html").as_uri())
        pages.append(page)
        return page

    yield open_report
    for page in pages:
        page.close()
    assert not wrong


def judged(folder):
    """30 images: bags are found, 4 of 10 coats are taken for shirts, 1 shirt for a coat."""
    answers = [0] * 10 + [1] * 6 + [2] * 4 + [2] * 9 + [1]
    probabilities = np.full((30, 3), 0.1) + 0.7 * np.eye(3)[answers]
    probabilities -= np.linspace(0, 0.05, 30)[:, None] * np.eye(3)[answers]
    return predicted(folder, ["bag"] * 10 + ["coat"] * 10 + ["shirt"] * 10, probabilities, NAMES)


def test_cells_classes_sorting_and_mistakes(opened, tmp_path):
    training = predicted(tmp_path / "train", ["shirt", "coat"], [[0, 0, 1], [0, 1, 0]], NAMES)
    steps = [NextStep("Look again", "5 of 30.", "python -m imgcls.review runs/a", 16.7)]
    page = opened(report_of(judged(tmp_path / "images"), neighbours=training, next_steps=steps))
    cards = page.locator("#cards .card")
    expect(cards).to_have_count(5)  # it begins with what is wrong

    page.get_by_role("gridcell", name=re.compile("coat taken for shirt: 4 images")).click()
    expect(page.locator("#cell .card")).to_have_count(4)
    page.keyboard.press("ArrowDown")  # shirt, right
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#cell h3")).to_have_text("shirt, taken for coat")
    expect(page.locator("#cell .card")).to_have_count(1)

    page.get_by_role("button", name="Most confused").click()
    page.locator("#confusions").get_by_role("button", name="shirt").click()
    expect(page.locator("#cell h3")).to_have_text("shirt, taken for coat")

    classes = page.locator("#class-table")
    classes.get_by_role("button", name="found (recall)").click()
    expect(classes.locator("tbody tr").first).to_contain_text("coat")  # the worst one first
    classes.get_by_role("button", name="found (recall)").click()
    expect(classes.locator("tbody tr").first).to_contain_text("bag")
    classes.get_by_role("button", name="coat", exact=True).click()
    expect(cards).to_have_count(10)
    expect(page.locator("#chips")).to_contain_text("is coat")
    page.get_by_role("button", name="Wrong", exact=True).click()
    expect(cards).to_have_count(4)
    page.get_by_role("button", name="is coat: remove").click()
    expect(cards).to_have_count(5)
    page.get_by_label("Order").select_option("unsurest")
    assert cards.first.inner_text() != cards.last.inner_text()

    page.get_by_label("Order").select_option("surest")
    cards.first.click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("coat, answered shirt")
    expect(panel.locator(".near figure")).to_have_count(2)
    expect(panel.locator(".near figure").first).to_contain_text("shirt")
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("button", name="Previous image")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_in_the_app_no_command_is_shown(opened, tmp_path):
    step = NextStep("Look again", "5 of 30.", "python -m imgcls.review runs/a", 16.7)
    commands = {"audit the images": "python -m imgcls.audit a", "repeat the run": "python -m imgcls.train a"}
    findings = [Finding(kind, ("a.png",), "so") for kind in KINDS]
    typed_of_section = {"Other images": "python -m imgcls.explain a"}
    report = report_of(
        judged(tmp_path / "images"),
        next_steps=[step],
        commands=commands,
        findings=findings,
        sections=[Section("part", "A part", ("A sentence.",), commands=typed_of_section)],
    )
    page = opened(report)
    typed = "python -m", "--", "Copy", "Repeat it", "This shows each", "Other images"
    assert all(word in page.locator("body").inner_text() for word in typed)
    page.evaluate("document.documentElement.dataset.commands = 'hidden'")
    text = page.locator("body").inner_text()
    assert not [word for word in typed if word in text]
    assert text.count("Keep one of them") == 3
    assert "Look again" in text


def test_light_and_dark_narrow_and_printed(opened, tmp_path):
    page = opened(report_of(judged(tmp_path / "images")), color_scheme="dark", viewport={"width": 400, "height": 800})
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(17, 20, 26)"
    page.get_by_role("button", name="Light page").click()
    assert page.evaluate(ground) == "rgb(250, 251, 252)"
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator(".contents").is_visible()
    assert page.locator("#cards .card").first.is_visible()


def test_on_a_phone_the_curves_stand_below_each_other_and_nothing_reaches_beyond_the_page(opened, tmp_path):
    epochs = [{"epoch": n, "loss": 1 / n, "val_loss": 2 / n, "accuracy": 0.5, "val_accuracy": 0.4} for n in (1, 2, 3)]
    report = report_of(judged(tmp_path / "images"), metrics=epochs)
    page = opened(report, viewport={"width": 343, "height": 720})
    first, second = (each.bounding_box() for each in page.locator("#training figure").all())
    assert second["y"] > first["y"] + first["height"] > first["y"] + 100
    number = page.locator("#training svg text", has_text="epoch").first
    assert number.bounding_box()["height"] > 8
    assert page.evaluate("document.documentElement.scrollWidth") == 343


def test_the_keyboard_reaches_what_the_mouse_reaches(opened, tmp_path):
    page = opened(report_of(judged(tmp_path / "images")))
    page.locator("#matrix td[tabindex='0']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cell h3")).to_have_text("bag, found")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_hostile_names_are_only_text(opened, tmp_path):
    probabilities = np.full((4, 4), 0.1) + 0.6 * np.eye(4)[[1, 0, 3, 2]]
    page = opened(report_of(predicted(tmp_path / "images", HOSTILE, probabilities, HOSTILE)))
    expect(page.locator("#cards .card")).to_have_count(4)
    expect(page.locator("#cards")).to_contain_text(HOSTILE[0])
    page.locator("#cards .card").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_a_thousand_classes_show_those_that_are_confused(opened, tmp_path):
    names = [f"class {n}" for n in range(1000)]
    answers = [0, 1, 2, 4, 4, 3]
    table = predicted(tmp_path / "images", [names[n] for n in (0, 1, 2, 3, 4, 5)], np.eye(1000)[answers], names)
    page = opened(report_of(table))
    expect(page.locator("#matrix tbody tr")).to_have_count(3)  # 3 and 5 are taken for 4 and 3
    page.locator("#matrix-class").fill("class 5")
    expect(page.locator("#matrix tbody tr")).to_have_count(2)
    expect(page.locator("#class-table tbody tr:visible")).to_have_count(20)
    page.locator("#search-classes").fill("class 99")
    expect(page.locator("#class-table tbody tr:visible")).to_have_count(11)


def test_several_labels_an_image_and_one_image_are_shown(opened, tmp_path):
    page = opened(report_of(several(tmp_path / "several")))
    expect(page.locator("#cards .card")).to_have_count(1)
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("#cards .card")).to_have_count(4)
    expect(page.locator("#matrix")).to_have_count(0)
    page = opened(report_of(judged(tmp_path / "images").take(np.array([0]))))
    expect(page.locator("#cards .card")).to_have_count(1)
