"""Some test images of a run in a grid; a click opens one."""

from dataclasses import dataclass

import numpy as np
from images.addresses import file_address
from projects.judged_run import JudgedRun
from projects.versions import current_number

from parts.grid import image_grid

HEIGHT = 460  # pixels
NOTHING = "none of the classes"


@dataclass(frozen=True)
class Chosen:
    """What the user did in the grid.

    Attributes:
        selected: Places of the images that are selected.
        opened: The place of the image that was opened just now; None if none was.
    """

    selected: np.ndarray
    opened: int | None


def pictures(judged: JudgedRun, places: np.ndarray, key: str) -> Chosen:
    """Show images, each with its class and the answer; those that are not in the data any more are left out.

    Args:
        judged: The run.
        places: Of the images among the test images.
        key: Of the grid.
    """
    rows = judged.rows_now[places]
    by_row = {int(row): int(place) for row, place in zip(rows, places, strict=True) if row >= 0}
    said = [caption(judged, place) for place in by_row.values()]
    found = image_grid(key, judged.project, current_number(judged.project), list(by_row), said, height=HEIGHT)
    selected = np.array([by_row[row] for row in found.selected if row in by_row], int)
    return Chosen(selected, None if found.opened is None else by_row.get(found.opened))


def caption(judged: JudgedRun, place: int) -> str:
    """The answer and how sure it is, on a line below the class where that is another one."""
    answer = f"{judged.answer(place) or NOTHING} {100 * judged.answers.confidence[place]:.0f} %"
    return answer if judged.answers.right[place] else f"{judged.true(place) or NOTHING} →\n{answer}"


def address_of(judged: JudgedRun, place: int, side: int) -> str:
    """The address of an image, whether it is in the data still or not."""
    return file_address(judged.path(place), judged.box(place), side)
