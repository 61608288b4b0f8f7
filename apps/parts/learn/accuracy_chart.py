"""The networks as points: accuracy on ImageNet against operations, with the names for which there is room."""

import math
from collections.abc import Iterator

import altair as alt
import pandas as pd

from imgcls.workflow.benchmark.label_places import GAP, Dot, Label, with_room
from parts.learn.networks import family_of

POINTS, LINES, INK = "#2f6db5", "#8892a2", "#3d4757"
DARK_POINTS, DARK_INK = "#7cb5f5", "#c9d1dc"
HEIGHT, DRAWN = 460, 380  # pixels: of all, and of the part that the axes frame
WIDE, NARROW = 600, 250  # pixels between the axes, for which places of names are found
OPERATIONS, ACCURACY = (0.03, 300), (45, 90)  # ends of the axes
RADIUS = 4.4  # pixels


def accuracy_chart(table: pd.DataFrame, is_dark: bool) -> alt.LayerChart:
    """Accuracy on ImageNet against operations; a line joins the sizes of one family.

    Args:
        table: Of `networks_table`.
        is_dark: Whether the page has the dark theme.
    """
    known = table[table["on"].str.startswith("ImageNet")].assign(family=table["network"].map(family_of))
    known = known.sort_values("operations")
    base = alt.Chart(known, height=HEIGHT).encode(x=_x("operations"), y=_y("accuracy"))
    lines = base.mark_line(color=LINES, strokeWidth=1, opacity=0.7).encode(detail="family:N")
    tips = ["network", "accuracy", alt.Tooltip("operations", format=".3g"), alt.Tooltip("parameters", format=".3g")]
    size, color = alt.expr(f"width < {WIDE} ? 20 : 60"), DARK_POINTS if is_dark else POINTS
    points = base.mark_point(filled=True, size=size, color=color, opacity=1).encode(tooltip=tips)
    ink = DARK_INK if is_dark else INK
    wide, narrow = (names_with_room(known, width) for width in (WIDE, NARROW))
    words = [*_words(wide, f"width >= {WIDE}", ink), *_words(narrow, f"width < {WIDE}", ink)]
    return alt.layer(lines, points, *words)


def names_with_room(known: pd.DataFrame, width: float) -> pd.DataFrame:
    """The names that cover neither each other nor a point, with their places.

    Networks that no cheaper one surpasses come first, then the families of the others, at their largest network.

    Args:
        known: The networks by their operations, with the columns network, family, operations and accuracy.
        width: Pixels between the axes.

    Returns:
        The columns name; operations of the point; side of the name that is at the point; height of its middle.
    """
    best = known[known["accuracy"] > known["accuracy"].cummax().shift(fill_value=0)][::-1]
    others = known[~known["family"].isin(best["family"])].groupby("family").tail(1)
    names = {**best["network"].to_dict(), **others["family"].to_dict()}
    order = known.loc[[*names, *known.index.difference(list(names))]]
    points = zip(order.index, order["operations"], order["accuracy"], strict=True)
    dots = {row: _dot(names.get(row, ""), operations, accuracy, width) for row, operations, accuracy in points}
    labels = {label.name: label for label in with_room(list(dots.values()), width, DRAWN)}
    rows = [
        (name, known["operations"][row], _side(labels[name], dots[row]), _accuracy(labels[name].y))
        for row, name in names.items()
        if name in labels
    ]
    return pd.DataFrame(rows, columns=["name", "operations", "side", "height"])


def _dot(name: str, operations: float, accuracy: float, width: float) -> Dot:
    low, high = map(math.log, OPERATIONS)
    x = width * (math.log(operations) - low) / (high - low)
    return Dot(name, x, DRAWN * (ACCURACY[1] - accuracy) / (ACCURACY[1] - ACCURACY[0]), RADIUS)


def _accuracy(y: float) -> float:
    return ACCURACY[1] - y / DRAWN * (ACCURACY[1] - ACCURACY[0])


def _side(label: Label, dot: Dot) -> str:
    return "left" if label.x > dot.x else "right" if label.right < dot.x else "center"


def _words(names: pd.DataFrame, where: str, ink: str) -> Iterator[alt.Chart]:
    """Names that are aligned to the left stand right of their point."""
    away = RADIUS + GAP
    for side, shift in (("left", away), ("right", -away), ("center", 0)):
        chart = alt.Chart(names[names["side"] == side], height=HEIGHT)
        look = {"align": side, "dx": shift, "baseline": "middle", "fontSize": 11, "color": ink}
        yield chart.mark_text(opacity=alt.expr(f"{where} ? 1 : 0"), **look).encode(
            x=_x("operations"), y=_y("height"), text="name:N"
        )


def _x(field: str) -> alt.X:
    scale = alt.Scale(type="log", domain=OPERATIONS, nice=False)
    axis = alt.Axis(values=[0.1, 1, 10, 100], format="~g")
    return alt.X(f"{field}:Q", title="multiply-adds for an image, in billions", scale=scale, axis=axis)


def _y(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title="ImageNet accuracy in percent", scale=alt.Scale(domain=ACCURACY, nice=False))
