"""Some test pictures of a run in a grid; a click opens one."""

import numpy as np
import streamlit as st
from images.addresses import file_address
from projects.judged_run import JudgedRun
from projects.versions import current_number

from parts.grid import image_grid

HEIGHT = 460  # pixels


def pictures(judged: JudgedRun, places: np.ndarray, key: str) -> int | None:
    """Show pictures, each with its class and the answer.

    Args:
        judged: The run.
        places: Of the pictures among the test images.
        key: Of the grid.

    Returns:
        The place of the picture that was opened just now; None if none was.
    """
    rows = judged.rows_now[places]
    by_row = {int(row): int(place) for row, place in zip(rows, places, strict=True) if row >= 0}
    said = {row: caption(judged, place) for row, place in by_row.items()}
    found = image_grid(key, judged.project, current_number(judged.project), list(by_row), said, height=HEIGHT)
    return None if found.opened is None else by_row.get(int(found.opened))


def caption(judged: JudgedRun, place: int) -> str:
    """The answer and how sure it is, after the class where that is another one."""
    answer = f"{judged.answer(place)} {100 * judged.table.confidence[place]:.0f} %"
    return answer if judged.answers.right[place] else f"{judged.true(place)} → {answer}"


def address_of(judged: JudgedRun, place: int, side: int) -> str:
    """The address of a picture, whether it is in the data still or not."""
    return file_address(judged.path(place), judged.box(place), side)


def nothing_here() -> None:
    """What is said of an empty cell."""
    st.caption("No picture. Click on another cell of the matrix.")
