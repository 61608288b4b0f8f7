"""Texts that are long, foreign or broken, on pictures."""

import pytest
from PIL import Image, ImageDraw

from imgcls.explain.drawing.text import clean, shortened, text_width, wrapped, write_lines

NAMES = ["Käfer", "日本語のラベル", "العربية", "👩‍🔬", "\ud800", "a\x00b\nc", "", "ﬁancé", "\u202eabc"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_drawn(name):
    image = Image.new("RGB", (300, 60), "white")
    lines = wrapped(name, 14, 280)
    write_lines(ImageDraw.Draw(image), (5, 5), lines, 14, "black")
    assert bool(lines) == bool(clean(name))
    assert (len(image.getcolors(100_000)) > 1) == bool(clean(name))


def test_a_long_text_wraps_and_ends_in_an_ellipsis():
    lines = wrapped("a sentence of many words " * 20, 12, 150, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(text_width(line, 12) <= 150 for line in lines)


def test_a_long_word_is_shortened():
    (line,) = wrapped("n" * 500, 12, 100)
    assert line.endswith("…")
    assert text_width(line, 12) <= 100


def test_a_short_text_stays():
    assert shortened("cat", 12, 100) == "cat"
