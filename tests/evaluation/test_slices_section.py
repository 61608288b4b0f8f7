import re
from dataclasses import replace

import numpy as np
import pytest

from imgcls.evaluation.slices import Slice, Slices
from imgcls.evaluation.slices_section import slices_section, slices_steps


def part(value: str, accuracy: float, p_value: float | None) -> Slice:
    return Slice(
        "format", value, 100, accuracy, accuracy - 0.1, accuracy + 0.1, 0.5, accuracy - 0.9, p_value, np.arange(100)
    )


def test_what_is_worse_is_said_in_words_and_drawn():
    found = Slices(0.8, 1000, (part("BMP", 0.5, 0.001), part("PNG", 0.8, 0.4), part("GIF", 0.2, None)))
    section = slices_section(found)
    assert "The worst is format: BMP: 50.0 % of 100 images are right, 90.0 % of the others." in section.sentences[1]
    assert section.sentences[-1] == "Of 1 part there are too few images to say."
    assert section.charts[0].svg.startswith("<svg")
    assert [row[-1] for row in section.table.rows] == ["worse", "", "too few to say"]
    (step,) = slices_steps(found)
    assert "format: BMP" in step.what
    assert step.gain == 100 * 0.4 * 100 / 1000


def test_nothing_worse_and_nothing_to_say_are_told_apart():
    fine = slices_section(Slices(0.8, 1000, (part("PNG", 0.8, 0.4),)))
    assert "None of them is worse than the rest" in fine.sentences[1]
    few = slices_section(Slices(0.8, 30, (part("GIF", 0.2, None),)))
    assert few.sentences[0].startswith("There are too few images to say")
    assert few.charts == ()
    assert slices_steps(Slices(0.8, 30, (part("GIF", 0.2, None),))) == []


def long_part(name: str) -> Slice:
    return replace(part("0.2 to 0.855", 0.5, 0.001), column=name)


def test_a_long_name_is_written_in_lines_and_two_that_begin_alike_are_two():
    same = "a folder of photographs of the second camera in the long corridor of the northern building, floor "
    long = [long_part(name) for name in ("brightness_99", 'it\'s "quoted"', f"{same}1", f"{same}2")]
    svg = slices_section(Slices(0.8, 1000, tuple(long))).charts[0].svg
    assert "brightness of the brightest parts (0" in svg
    assert "to 1): 0.2 to 0.855" in svg
    assert svg.count("a folder of photographs of the") == 2
    assert "0.855: 0.2" not in svg
    _title, *lines = sorted(re.findall(r">([^<>]{20,})<", svg), key=len, reverse=True)
    assert max(map(len, lines)) <= 40


@pytest.mark.browser
def test_names_are_whole_also_in_a_wide_font(browser):
    svg = slices_section(Slices(0.8, 1000, (long_part("brightness_99"),))).charts[0].svg
    page = browser.new_page()
    page.set_content(svg.replace("system-ui", "DejaVu Sans"))
    edges = "[...document.querySelectorAll('svg, svg text')].map(each => each.getBoundingClientRect().left)"
    drawing, *texts = page.evaluate(edges)
    assert min(texts) >= drawing
    page.close()
