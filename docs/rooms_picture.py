"""The picture of the rooms: which package imports which, drawn from the imports as an SVG.

    python docs/rooms_picture.py > rooms.svg

An arrow that follows from others is left out: where training imports data and data imports labels, none is drawn from
training to labels.
"""

import ast
import sys
from html import escape
from pathlib import Path

TOP = "commands, app"
WIDTH, HEIGHT, GAP, FLOOR = 148, 40, 24, 84  # of a box, between two boxes, and from one floor to the next; pixels


def drawn(package: Path) -> str:
    """The SVG."""
    below = _without_shortcuts(imports_of_rooms(package))
    floors = _floors(below)
    width = max(len(floor) for floor in floors) * (WIDTH + GAP) + GAP
    height = len(floors) * FLOOR + GAP
    places = {
        room: (width / 2 + (column - (len(floor) - 1) / 2) * (WIDTH + GAP), GAP + row * FLOOR + HEIGHT / 2)
        for row, floor in enumerate(floors)
        for column, room in enumerate(floor)
    }
    arrows = [_arrow(places[room], places[other]) for room in below for other in sorted(below[room])]
    boxes = [_box(room, *places[room]) for room in places]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
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


def _box(room: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
        f'fill="#eceff1" stroke="#546e7a"/><text x="{x:g}" y="{y + 5:g}" font-size="15" text-anchor="middle" '
        f'fill="#263238">{escape(room)}</text>'
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    top, bottom = y + HEIGHT / 2, to_y - HEIGHT / 2
    bend = (bottom - top) / 2
    return (
        f'<path d="M{x:g} {top:g}C{x:g} {top + bend:g} {to_x:g} {bottom - bend:g} {to_x:g} {bottom - 1:g}" '
        'fill="none" stroke="#78909c" stroke-width="1.5" marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    sys.stdout.write(drawn(Path(__file__).parents[1] / "imgcls"))
