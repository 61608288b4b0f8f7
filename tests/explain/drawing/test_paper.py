"""What is drawn on paper can be read."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from imgcls.explain.drawing.legend import Legend
from imgcls.explain.drawing.paper import DARK, LIGHT
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.tiles import tiles

ROOT = Path(__file__).parents[3]


def luminance(color: str) -> float:
    """Relative luminance, as WCAG 2.2 has it."""
    shares = np.array(ImageColor.getrgb(color)) / 255
    return float(
        np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


@pytest.mark.parametrize("paper", [LIGHT, DARK])
def test_both_inks_are_read_on_the_paper(paper):
    for ink in (paper.ink, paper.gray):
        lighter, darker = sorted([luminance(ink), luminance(paper.ground)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_picture_on_dark_paper_has_nothing_light_but_its_words():
    sheet = tiles([Image.new("RGB", (40, 40))] * 3, ["a", "b", "c"], paper=DARK)
    drawn = np.asarray(Picture(sheet, "Maps", ("three",), Legend("0", "1", gray=True), DARK).drawn())
    ground = ImageColor.getrgb(DARK.ground)
    assert (drawn[0] == ground).all()
    assert (drawn == ground).all(-1).mean() > 0.5
    assert drawn.max(-1).mean() < 80


def test_the_dark_page_of_the_app_has_the_same_ground():
    theme = tomllib.loads((ROOT / "apps" / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]["dark"]
    assert theme["backgroundColor"] == DARK.ground
