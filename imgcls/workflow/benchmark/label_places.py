"""Where the names of points stand in a picture, so that none covers another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

LETTER, LINE = 6.4, 14.0  # pixels: the width of a letter and the height of a line, at 11 pixels of type
GAP = 4.0  # pixels between a circle and its name
SHIFTS = (0.0, -LINE, LINE, -2 * LINE, 2 * LINE, -3 * LINE, 3 * LINE)  # that a name is moved by, up or down
OF_CIRCLE = 0.5  # how bad it is to cover a part of a circle, where it is 1 for a name
BESIDE = 8  # places that are still beside a point: its four sides, and a line above them


@dataclass(frozen=True)
class Dot:
    """A point with a name.

    Attributes:
        name: What is written.
        x: Pixels from the left.
        y: Pixels from the top.
        radius: Of its circle, in pixels.
    """

    name: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Label:
    """Where a name stands.

    Attributes:
        name: What is written.
        x: Pixels from the left, of its beginning.
        y: Pixels from the top, of its middle.
    """

    name: str
    x: float
    y: float

    @property
    def right(self) -> float:
        """Pixels from the left, of its end."""
        return self.x + LETTER * len(self.name)

    def covers(self, other: "Label") -> float:
        """The area that both cover, in square pixels."""
        width = min(self.right, other.right) - max(self.x, other.x)
        return max(0.0, width) * max(0.0, LINE - abs(self.y - other.y))

    def covers_middle(self, dot: Dot) -> float:
        """The area of a small square around the middle of a circle that it covers, in square pixels."""
        return self._covers_square(dot, 4.0)

    def covers_circle(self, dot: Dot) -> float:
        """The area of the square around a circle that it covers, in square pixels."""
        return self._covers_square(dot, dot.radius)

    def _covers_square(self, dot: Dot, half: float) -> float:
        width = min(self.right, dot.x + half) - max(self.x, dot.x - half)
        height = min(self.y + LINE / 2, dot.y + half) - max(self.y - LINE / 2, dot.y - half)
        return max(0.0, width) * max(0.0, height)


def placed(dots: Sequence[Dot], width: float, height: float) -> list[Label]:
    """A place for each name, near its point, which covers no circle where there is such a place.

    Args:
        dots: The points.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Example:
        >>> [label.x > 10 for label in placed([Dot("a", 10, 50, 3)], 100, 100)]
        [True]
    """
    found: list[Label] = []
    for dot in sorted(dots, key=lambda dot: (dot.y, dot.x)):
        places = [_moved_inside(place, width) for place in _around(dot)]
        places = [place for place in places if _is_inside(place, width, height)] or _around(dot)[:1]
        found.append(min(places, key=lambda place: _badness(place, dot, found, dots)))
    return found


def with_room(dots: Sequence[Dot], width: float, height: float) -> list[Label]:
    """The names that have room beside their point: they cover no other name and the middle of no point.

    Args:
        dots: The points, those first whose names matter most; one without a name only takes room.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Example:
        >>> [label.name for label in with_room([Dot("a", 50, 50, 3), Dot("a" * 20, 50, 50, 3)], 100, 100)]
        ['a']
    """
    found: list[Label] = []
    for dot in dots:
        beside = _around(dot)[:BESIDE] if dot.name else []
        free = (place for place in beside if _is_inside(place, width, height) and not _covered(place, found, dots))
        found.extend(islice(free, 1))
    return found


def _around(dot: Dot) -> list[Label]:
    wide, away = LETTER * len(dot.name), dot.radius + GAP
    middle, vertical = dot.x - wide / 2, away + 5
    sides = [(dot.x + away, 0.0), (dot.x - away - wide, 0.0), (middle, -vertical), (middle, vertical)]
    return [Label(dot.name, x, dot.y + down + shift) for shift in SHIFTS for x, down in sides]


def _moved_inside(place: Label, width: float) -> Label:
    """The place, moved to the left or right as far as the picture's border asks for."""
    return replace(place, x=max(0.0, min(place.x, math.floor(width - LETTER * len(place.name)))))


def _is_inside(place: Label, width: float, height: float) -> bool:
    return place.x >= 0 and place.right <= width and LINE / 2 <= place.y <= height - LINE / 2


def _covered(place: Label, others: Sequence[Label], dots: Iterable[Dot]) -> float:
    """The area of other names and of the middles of points that it covers, in square pixels."""
    return sum(map(place.covers, others)) + sum(map(place.covers_middle, dots))


def _badness(place: Label, own: Dot, others: Sequence[Label], dots: Sequence[Dot]) -> float:
    """What it covers, a circle less than a name or a middle, and a little for the way from its point."""
    covered = _covered(place, others, dots) + OF_CIRCLE * sum(map(place.covers_circle, dots))
    return covered + 0.2 * abs(place.y - own.y) + (0.0 if place.x > own.x else 0.5)
