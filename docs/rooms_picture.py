"""The picture of the rooms: which package imports which, drawn from the imports as an SVG.

    python docs/rooms_picture.py > rooms.svg

An arrow that follows from others is left out: where training imports data and data imports labels, none is drawn from
training to labels.
"""

import ast
import sys
from html import escape
from itertools import pairwise
from pathlib import Path
from statistics import mean

TOP = "commands, app"
WIDTH, HEIGHT, GAP, FLOOR = 152, 40, 24, 88  # of a box, between two boxes, and from one floor to the next; pixels
Place = tuple[float, float]
_GAP_TO = "gap to "


def drawn(package: Path) -> str:
    """The SVG."""
    below = _without_shortcuts(imports_of_rooms(package))
    floors = _floors(below)
    level = {room: row for row, floor in enumerate(floors) for room in floor}
    lines = {(room, other): _way(other, level[room], level[other]) for room in below for other in sorted(below[room])}
    places = _places(_ordered(floors, lines), GAP)
    width = max(x for x, _ in places.values()) + WIDTH / 2 + GAP
    arrows = [_arrow([places[step] for step in (room, *way)]) for (room, _), way in lines.items()]
    boxes = [_box(room, *places[room]) for room in below]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {len(floors) * FLOOR}" '
            'font-family="sans-serif">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0L8 4L0 8z" fill="#78909c"/></marker></defs>',
            *arrows,
            *boxes,
            "</svg>",
        ]
    )


def imports_of_rooms(package: Path) -> dict[str, set[str]]:
    """The rooms that each room imports. A room is a package, or a single module that a package imports."""
    found: dict[str, set[str]] = {}
    for file in sorted(package.rglob("*.py")):
        if file != package / "__init__.py":
            found.setdefault(_room(file, package), set()).update(_imported(file, package.name))
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    floors = set().union(*(found[room] for room in packages)) - packages
    kept = packages | floors
    rooms = {room: (found.get(room, set()) & kept) - {room} for room in sorted(kept)}
    commands = set().union(*(others for room, others in found.items() if room not in kept)) & kept
    return {TOP: commands, **rooms}


def _room(file: Path, package: Path) -> str:
    """The room of a file; a `__main__` is a command."""
    return TOP if file.stem == "__main__" else file.relative_to(package).with_suffix("").parts[0]


def _imported(file: Path, package: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith(f"{package}.")}


def _without_shortcuts(below: dict[str, set[str]]) -> dict[str, set[str]]:
    reached: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in reached:
            reached[room] = set()  # ends the search where rooms import each other
            reached[room] = below[room].union(*(reach(other) for other in below[room]))
        return reached[room]

    return {
        room: {other for other in others if not any(other in reach(third) for third in others - {other})}
        for room, others in below.items()
    }


def _floors(below: dict[str, set[str]]) -> list[list[str]]:
    """The rooms from the top floor to the ground: each above all that it imports."""
    rows: list[list[str]] = []
    left = dict(below)
    while left:
        row = [room for room in left if not any(room in others for others in left.values())] or list(left)
        rows.append(row)
        left = {room: others for room, others in left.items() if room not in row}
    return rows


def _way(room: str, start: int, end: int) -> list[str]:
    """The steps of an arrow: on each floor between a gap, which all arrows to `room` share, then the room."""
    return [*(f"{_GAP_TO}{room}@{row}" for row in range(start + 1, end)), room]


def _ordered(floors: list[list[str]], lines: dict[tuple[str, str], list[str]]) -> list[list[str]]:
    """Each floor with its gaps, from left to right; what is near each other on two floors is joined by arrows."""
    above: dict[str, set[str]] = {}
    rows = [list(floor) for floor in floors]
    for (room, _), way in lines.items():
        for step, following in pairwise([room, *way]):
            above.setdefault(following, set()).add(step)
            if following.startswith(_GAP_TO) and following not in rows[row := int(following.rpartition("@")[2])]:
                rows[row].append(following)
    seen: dict[str, float] = {}
    for row in rows:
        row.sort(key=lambda step: mean([seen[each] for each in above[step]] if step in above else [0.5]))
        seen |= {step: (column + 0.5) / len(row) for column, step in enumerate(row)}
    return rows


def _places(rows: list[list[str]], margin: float) -> dict[str, Place]:
    """The middle of each box and gap; every floor stands in the middle of the picture."""
    widths = [[GAP if step.startswith(_GAP_TO) else WIDTH for step in row] for row in rows]
    widest = max(sum(row) + GAP * (len(row) - 1) for row in widths)
    places = {}
    for number, (row, wide) in enumerate(zip(rows, widths, strict=True)):
        x = margin + (widest - sum(wide) - GAP * (len(row) - 1)) / 2
        for step, width in zip(row, wide, strict=True):
            places[step] = (x + width / 2, margin + number * FLOOR + HEIGHT / 2)
            x += width + GAP
    return places


def _box(room: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
        f'fill="#eceff1" stroke="#546e7a"/><text x="{x:g}" y="{y + 5:g}" font-size="15" text-anchor="middle" '
        f'fill="#263238">{escape(room)}</text>'
    )


def _arrow(places: list[Place]) -> str:
    """A line from below the first place to above the last, straight through the gaps between."""
    (x, y), *others = places
    path = f"M{x:g} {y + HEIGHT / 2:g}"
    for (x, y), (to_x, to_y) in pairwise(places):
        bend = (FLOOR - HEIGHT) / 2
        path += f"C{x:g} {y + HEIGHT / 2 + bend:g} {to_x:g} {to_y - HEIGHT / 2 - bend:g} {to_x:g} {to_y - HEIGHT / 2:g}"
        if (to_x, to_y) != others[-1]:
            path += f"V{to_y + HEIGHT / 2:g}"
    return f'<path d="{path}" fill="none" stroke="#78909c" stroke-width="1.5" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    sys.stdout.write(drawn(Path(__file__).parents[1] / "imgcls"))
