import numpy as np

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
