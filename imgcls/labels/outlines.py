"""Boxes around outlines."""

from collections.abc import Iterable

from imgcls.labels.records import BOX, coordinate


def box_around(points: object) -> dict[str, float]:
    """The box around a list of [x, y] points, as columns of a row; infinite, which is told later, for what is none."""
    pairs = (
        [point for point in points if isinstance(point, list | tuple) and len(point) >= 2] if _listed(points) else []
    )
    if not pairs or len(pairs) != len(points):
        return dict.fromkeys(BOX, float("inf"))
    return box_of(*zip(*((coordinate(point[0]), coordinate(point[1])) for point in pairs), strict=True))


def box_of(xs: Iterable[float], ys: Iterable[float]) -> dict[str, float]:
    """The box around points, as columns of a row."""
    xs, ys = list(xs), list(ys)
    return dict(zip(BOX, (min(xs), min(ys), max(xs), max(ys)), strict=True))


def _listed(points: object) -> bool:
    return isinstance(points, list | tuple) and len(points) > 0
