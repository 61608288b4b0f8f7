"""A grid of images that scrolls through tens of thousands of them: the browser holds only those that are in sight."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st
from images.addresses import picture_addresses
from projects.project import Project

SIDE = 192  # pixels of the files; a cell shows them smaller, and stays sharp on a dense screen
HERE = Path(__file__)
_grid = st.components.v2.component(
    "image_grid",
    html='<div class="grid"></div><p class="said" role="status"></p>',
    css=HERE.with_suffix(".css").read_text("utf-8"),
    js=HERE.with_suffix(".js").read_text("utf-8"),
)


@dataclass(frozen=True)
class GridAnswer:
    """What the user did in a grid.

    Attributes:
        selected: The numbers of the rows that are selected, in the grid's order.
        opened: The number of the row that was opened just now; None if none was.
        pressed: The key of `keys` that was pressed just now; None if none was.
        earlier: What is selected where the user has not seen the version that is shown now, only the one before: the
            number of that version, and its rows. None otherwise.
    """

    selected: list[int]
    opened: int | None
    pressed: str | None = None
    earlier: tuple[int, list[int]] | None = None


def image_grid(
    key: str,
    project: Project,
    version: int,
    rows: Sequence[int],
    captions: Sequence[str] | None = None,
    selected: Sequence[int] = (),
    height: int = 600,
    click: Literal["open", "select"] = "open",
    keys: str = "",
) -> GridAnswer:
    """Show images of a project. A selection stays through reruns, and ends when the version changes.

    Args:
        key: Names the grid on its page.
        project: Whose images they are.
        version: Of the data that `rows` belongs to.
        rows: The numbers of the rows, in the order of the grid.
        captions: A text below each image, such as its class; in lines, of which each may end in a percentage.
        selected: The rows that are selected at first, and after `clear_selection`.
        height: Of the grid on the page, in pixels.
        click: What a click on an image does; the checkbox, Ctrl, Shift and Space select in any case, Enter and a
            double click open.
        keys: Letters and digits that the grid's answer tells of, if one is pressed while the grid has the focus.
    """
    rows = np.asarray(rows, np.int32)
    codes, names = pd.factorize(np.asarray(captions, object)) if captions is not None else ((), ())
    cleared = st.session_state.get(_turn(key), 0)
    turn = f"{version} {cleared}"
    seen = st.session_state.get(_seen(key), version)
    st.session_state[_seen(key)] = version
    answer = _grid(
        key=key,
        data={
            "rows": _packed(rows),
            "addresses": picture_addresses(project, version, SIDE),
            "names": [str(name) for name in names],
            "codes": _packed(codes),
            "selected": _packed(selected),
            "turn": turn,
            "height": height,
            "click": click,
            "keys": keys,
        },
        on_selected_change=lambda: None,
        on_opened_change=lambda: None,
        on_pressed_change=lambda: None,
    )
    told = answer.get("selected") or {}
    chosen = _unpacked(told["rows"]) if told.get("turn") == turn else np.asarray(selected, np.int32)
    opened = answer.get("opened")
    is_earlier = seen != version and told.get("turn") == f"{seen} {cleared}"
    return GridAnswer(
        rows[np.isin(rows, chosen)].tolist(),
        None if opened is None else int(opened),
        answer.get("pressed"),
        (seen, _unpacked(told["rows"]).tolist()) if is_earlier else None,
    )


def clear_selection(key: str) -> None:
    """Let a grid begin with what its page gives as `selected` again."""
    st.session_state[_turn(key)] = st.session_state.get(_turn(key), 0) + 1


def _turn(key: str) -> str:
    return f"{key} selections cleared"


def _seen(key: str) -> str:
    return f"{key} version that was drawn"


def _packed(numbers: Sequence[int] | np.ndarray) -> str:
    """Numbers as the base64 of int32, which is a third of what JSON takes."""
    return base64.b64encode(np.asarray(numbers, "<i4").tobytes()).decode()


def _unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i4")
