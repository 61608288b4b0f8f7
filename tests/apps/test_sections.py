"""Charts of the report on a page, in Chromium: they follow the theme, also once it changes."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.apps.served import PATIENCE, running

TITLE = 20  # pixels from the top in which nothing but the title stands
APPS = Path(__file__).parents[2] / "apps"
PAGE = f"""
import sys
sys.path.insert(0, {str(APPS)!r})
import altair as alt
import pandas as pd
import streamlit as st
from imgcls.evaluation.pages.charts import as_svg
from imgcls.evaluation.pages.section import Chart, Section
from parts.results.sections import show_section

line = alt.Chart(pd.DataFrame({{"x": [0, 1], "y": [0, 1]}}), title="A title").mark_line().encode(x="x", y="y")
show_section(Section("part", "A part", ("A sentence.",), (Chart(as_svg(line), "A line"),)))
"""


@pytest.fixture
def address(here):
    (here / "page.py").write_text(PAGE)
    shutil.copytree(APPS / ".streamlit", here / ".streamlit")  # the app's themes
    with running(here / "page.py", "--server.headless", "true", "--server.fileWatcherType", "none") as found:
        yield found


def ground_and_ink(page) -> tuple[float, float]:
    """How bright the ground of the chart is, and its title."""
    picture = Image.open(io.BytesIO(page.get_by_role("img", name="A line").screenshot())).convert("L")
    grays = np.asarray(picture, float)[:TITLE]
    ground = float(np.median(grays))
    return ground, float(grays.flat[np.abs(grays - ground).argmax()])


@pytest.mark.browser
def test_a_chart_takes_the_colours_of_a_theme_that_changes_while_it_is_shown(address, browser):
    page = browser.new_page(color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_role("img", name="A line").wait_for()
    page.wait_for_timeout(500)
    ground, ink = ground_and_ink(page)
    assert ground > 230
    assert ink < 80
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1500)
    ground, ink = ground_and_ink(page)
    assert ground < 60
    assert ink > 200
