"""The bar of colors."""

import numpy as np
import pytest

from imgcls.explain.drawing.legend import Legend


def test_its_ends_have_the_colors_of_the_ends():
    bar = np.asarray(Legend("-1", "1", signed=True).drawn(101))[4]
    assert bar[2, 2] > bar[2, 0] + 100  # blue
    assert bar[50].min() > 240  # neutral
    assert bar[98, 0] > bar[98, 2] + 100  # orange


@pytest.mark.parametrize("width", [1, 5, 60, 500])
def test_any_width_is_drawn(width):
    assert Legend("a label that is long", "another long one", True, "a note " * 30).drawn(width).width == width
