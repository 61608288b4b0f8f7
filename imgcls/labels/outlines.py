"""Boxes around polygons, turned rectangles and masks."""

import math
from collections.abc import Iterable
from typing import Any

from imgcls.labels.records import BOX, coordinate


def box_around(points: object) -> dict[str, float]:
    """The box around a list of [x, y] points.

    Returns:
        The columns of `BOX`; infinite for what is no such list, which is reported later.

    Example:
        >>> box_around([[3, 1], [5, 9]])
        {'x_min': 3.0, 'y_min': 1.0, 'x_max': 5.0, 'y_max': 9.0}
    """
    listed = points if isinstance(points, list | tuple) else []
    pairs = [point for point in listed if isinstance(point, list | tuple) and len(point) >= 2]
    if not pairs or len(pairs) != len(listed):
        return dict.fromkeys(BOX, math.inf)
    return box_of([coordinate(point[0]) for point in pairs], [coordinate(point[1]) for point in pairs])


def box_of(xs: Iterable[float], ys: Iterable[float]) -> dict[str, float]:
    """The box around points, as columns of a row."""
    xs, ys = list(xs), list(ys)
    return dict(zip(BOX, (min(xs), min(ys), max(xs), max(ys)), strict=True))


def box_turned(x: float, y: float, width: float, height: float, degrees: float, round: bool = False) -> dict[str, Any]:
    """The upright box around a turned rectangle, or around the ellipse inside it.

    Args:
        x: Centre, in pixels.
        y: Centre, in pixels.
        width: Of the rectangle before it is turned.
        height: Of the rectangle before it is turned.
        degrees: Angle around the centre.
        round: Whether the ellipse is meant.

    Returns:
        The columns of `BOX`; infinite if a number is missing, which is reported later.
    """
    if not math.isfinite(width + height + degrees):
        return dict.fromkeys(BOX, math.inf)
    cosine, sine = abs(math.cos(math.radians(degrees))) / 2, abs(math.sin(math.radians(degrees))) / 2
    across = ((width * cosine, height * sine), (width * sine, height * cosine))
    right, down = (math.hypot(a, b) if round else a + b for a, b in across)
    return box_of((x - right, x + right), (y - down, y + down))


def box_of_runs(lengths: Iterable[int], line: int) -> tuple[float, float, float, float]:
    """The place of a mask that is packed as runs, off and on in turn, which fill one line after another.

    Args:
        lengths: Of the runs; the second, fourth and so on belong to the mask.
        line: Length of a line.

    Returns:
        First and last place along a line, first and last line; the last ones are not included. Infinite without a mask.

    Example:
        >>> box_of_runs([5, 2, 8, 2], line=10)
        (5, 7, 0, 2)
    """
    along, across, begin = [], [], 0
    for place, length in enumerate(lengths):
        end = begin + length
        if place % 2 and length > 0:
            (first_line, first), (last_line, last) = divmod(begin, line), divmod(end - 1, line)
            along += [first, last + 1] if first_line == last_line else [0, line]
            across += [first_line, last_line + 1]
        begin = end
    return (min(along), max(along), min(across), max(across)) if along else (math.inf,) * 4
