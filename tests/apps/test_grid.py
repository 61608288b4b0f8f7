"""The grid of images: 50,000 of them in Chromium, with mouse and keyboard."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from tests.apps.served import running

APPS = Path(__file__).parents[2] / "apps"
ROWS = 50_000
SERVED = f"""
import sys
sys.path.insert(0, {str(APPS)!r})
import streamlit as st
from images.routes import ROUTES
app = st.App("page.py", routes=ROUTES)
"""
PAGE = """
import streamlit as st
from parts.grid import clear_selection, image_grid
from projects.project import list_projects
from projects.versions import manifest_of, whole_manifest_of

(project,) = list_projects()
table = manifest_of(project).table
answer = image_grid("all", project, 2, range(len(table)), table["label"])
st.write(f"Selected {len(answer.selected)}: {answer.selected[:3]}")
st.session_state.opened = answer.opened if answer.opened is not None else st.session_state.get("opened")
st.write(f"Opened {st.session_state.opened}")
st.button("Again")
if st.button("Clear"):
    clear_selection("all")
    st.rerun()
"""


@pytest.fixture
def many(project):
    """The project with its images again and again, as 50,000 rows."""
    from projects.versions import add_version, whole_manifest_of

    manifest = whole_manifest_of(project)
    table = pd.concat([manifest.table] * (ROWS // len(manifest.table) + 1), ignore_index=True)[:ROWS]
    add_version(project, Manifest(table, manifest.root), "very many", 1)
    return project


@pytest.fixture
def address(here, many):
    """A page with nothing but the grid."""
    (here / "served.py").write_text(SERVED)
    (here / "page.py").write_text(PAGE)
    flags = ("--server.headless", "true", "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false")
    with running(here / "served.py", *flags) as found:
        yield found


@pytest.fixture
def page(browser, address):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(60_000)
    failures = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto(address)
    opened.get_by_role("gridcell").first.wait_for()
    yield opened
    assert not failures
    opened.close()


@pytest.mark.browser
def test_fifty_thousand_images_scroll_and_few_are_in_the_page(page):
    grid = page.get_by_role("grid")
    assert grid.get_attribute("aria-label") == "50000 images"
    assert page.get_by_role("gridcell").count() < 200
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    last = page.get_by_alt_text(re.compile("image 50000 of 50000"))
    last.wait_for()
    assert page.get_by_role("gridcell").count() < 200
    page.wait_for_function(
        "() => [...document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.querySelectorAll('img')]"
        ".every(image => image.complete && image.naturalWidth)"
    )


@pytest.mark.browser
def test_selecting_with_mouse_and_keyboard(page):
    cell = lambda place: page.locator(f".cell[data-place='{place}']")  # noqa: E731
    cell(3).locator("input").check()
    page.get_by_text("Selected 1: [3]").wait_for()
    cell(6).click(modifiers=["Shift"])
    page.get_by_text("Selected 4: [3, 4, 5]").wait_for()
    cell(4).click(modifiers=["Control"])
    page.get_by_text("Selected 3: [3, 5, 6]").wait_for()
    page.get_by_role("button", name="Again").click()
    page.get_by_text("Selected 3: [3, 5, 6]").wait_for()
    assert cell(5).get_attribute("aria-selected") == "true"
    cell(6).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_text("Selected 4: [3, 5, 6]").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("Opened 7").wait_for()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.get_by_text("Opened 49999").wait_for()
    page.keyboard.press("Control+a")
    page.get_by_text("Selected 50000").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Selected 0: []").wait_for()
    cell(49_995).click()
    page.get_by_text("Opened 49995").wait_for()


def test_rows_are_packed_and_unpacked():
    sys.path.insert(0, str(APPS))
    from parts.grid import _packed, _unpacked

    assert _unpacked(_packed([0, 7, 49_999])).tolist() == [0, 7, 49_999]
    assert len(_packed(range(ROWS))) < 300_000


CAPTIONS = """
import streamlit as st
from parts.grid import image_grid
from projects.project import list_projects

(project,) = list_projects()
said = ["tshirt_top →\\na very long name of a class 62 %", "sneaker 7 %"]
image_grid("captions", project, 1, [0, 1], said)
"""


@pytest.mark.browser
def test_the_percentage_of_a_caption_is_seen_however_long_the_name_is(here, project, browser):
    (here / "served.py").write_text(SERVED)
    (here / "page.py").write_text(CAPTIONS)
    with running(here / "served.py", "--server.headless", "true", "--server.fileWatcherType", "none") as found:
        opened = browser.new_page(viewport={"width": 400, "height": 800})
        opened.set_default_timeout(60_000)
        opened.goto(found)
        cell = opened.locator(".cell[data-place='0']")
        inside, share = cell.bounding_box(), cell.get_by_text("62 %", exact=True).bounding_box()
        assert share["x"] + share["width"] <= inside["x"] + inside["width"]
        assert share["y"] + share["height"] <= inside["y"] + inside["height"]
        assert opened.get_by_alt_text("tshirt_top → a very long name of a class 62 %, image 1 of 2").count() == 1
