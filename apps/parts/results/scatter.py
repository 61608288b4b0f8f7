"""A scatter of images in which a lasso chooses some, and a click opens one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from imgcls.evaluation.embedding_section import COLORS, MOST_CLASSES, OTHERS
from imgcls.evaluation.pages.charts import DARK_PALETTE, PALETTE
from parts.errors import callback
from parts.theme import is_dark

HERE = Path(__file__).parent

_scatter = st.components.v2.component(
    "picture_scatter",
    html=(
        '<div class="frame"><canvas role="img" aria-label="A map of the images; below it they can be chosen by class"'
        '></canvas><div class="tip" hidden><img alt=""><span></span></div><div class="legend"></div></div>'
    ),
    css=(HERE / "scatter.css").read_text("utf-8"),
    js=(HERE / "scatter.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Scattered:
    """The points of a scatter.

    Attributes:
        x: Of each image.
        y: Of each image.
        labels: The class of each.
        wrong: Whether the answer for each is wrong.
        template: Of the addresses of all images, with {row} in it; empty where there are none.
        rows: Of each image, for its address; -1 for one without.
        captions: What is said of each.
    """

    x: Sequence[float]
    y: Sequence[float]
    labels: Sequence[str]
    wrong: Sequence[bool]
    template: str
    rows: Sequence[int]
    captions: Sequence[str]


def scatter(key: str, points: Scattered, chosen: Sequence[int], on_chosen: Callable[[list[int]], object]) -> int | None:
    """Show a scatter.

    Args:
        key: Of the component.
        points: What is shown.
        chosen: Points that are chosen already; the others are pale.
        on_chosen: Gets the points that a lasso chose, before the page is shown again.

    Returns:
        The point that was clicked just now; None if none was.
    """
    names = _colored(points)
    index = {name: place for place, name in enumerate(names)}
    answer = _scatter(
        key=key,
        data={
            "x": list(points.x),
            "y": list(points.y),
            "kind": [index.get(label, len(names) - 1) for label in points.labels],
            "wrong": [bool(each) for each in points.wrong],
            "names": names,
            "colors": [_color(place, name) for place, name in enumerate(names)],
            "shapes": [0 if name == OTHERS else place // len(COLORS) for place, name in enumerate(names)],
            "template": points.template,
            "rows": list(points.rows),
            "captions": list(points.captions),
            "chosen": list(chosen),
        },
        on_chosen_change=callback(lambda: _tell(key, on_chosen)),
        on_opened_change=lambda: None,
    )
    return None if answer.opened is None else int(answer.opened)


def _tell(key: str, on_chosen: Callable[[list[int]], object]) -> None:
    chosen = st.session_state[key].chosen
    if chosen is not None:
        on_chosen([int(each) for each in chosen])


def _colored(points: Scattered) -> list[str]:
    """The classes that get a color, those with the most mistakes first; the others share one."""
    labels = np.array(points.labels, object)
    names, counts = np.unique(labels.astype(str), return_counts=True)
    wrong = np.array(points.wrong, bool)
    mistakes = [int((wrong & (labels == name)).sum()) for name in names]
    order = sorted(range(len(names)), key=lambda place: (-mistakes[place], -counts[place], names[place]))
    kept = [str(names[place]) for place in order[:MOST_CLASSES]]
    return [*kept, OTHERS] if len(names) > MOST_CLASSES else kept


def _color(place: int, name: str) -> str:
    palette = DARK_PALETTE if is_dark() else PALETTE
    by_value = {value: key for key, value in PALETTE.items()}
    return palette["gray"] if name == OTHERS else palette[by_value[COLORS[place % len(COLORS)]]]
