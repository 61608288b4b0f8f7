"""Many pictures on a sheet."""

import numpy as np
from PIL import Image

from imgcls.explain.drawing.contact_sheet import contact_sheet
from imgcls.explain.drawing.picture import Picture


def colored(color: str, title: str = "one", lines: tuple[str, ...] = ()) -> Picture:
    return Picture(Image.new("RGB", (200, 100), color), title, lines)


def rows_of(sheet: Image.Image, color: tuple[int, int, int]) -> np.ndarray:
    return np.flatnonzero((np.asarray(sheet) == color).all(-1).any(1))


def test_rows_stand_below_each_other_and_images_of_a_row_on_one_height():
    rows = [[colored("#ff0000"), colored("#0000ff", "a title that needs a second line")], [colored("#00ff00")]]
    sheet = contact_sheet(rows, "All")
    red, blue, green = (rows_of(sheet, color) for color in ((255, 0, 0), (0, 0, 255), (0, 255, 0)))
    assert red[0] == blue[0]
    assert green[0] > red[-1]
    assert len(red) == len(green) == 100


def test_what_all_say_is_said_once():
    def height(lines: tuple[str, ...], others: tuple[str, ...]) -> int:
        return contact_sheet([[colored("#ff0000", "a", lines)], [colored("#00ff00", "b", others)]], "All").height

    assert height(("network: x",), ("network: x",)) < height(("network: x",), ("network: y",))


def test_no_pictures_are_a_sheet_too():
    assert contact_sheet([], "None").width > 0
    assert contact_sheet([[], [colored("#ff0000")]], "x" * 500).width > 0
