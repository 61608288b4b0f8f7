"""VoTT: its JSON export, and the files that a project itself consists of.

https://github.com/microsoft/VoTT: the export `NAME-export.json` holds each asset with its regions; a project is
`NAME.vott` with a list of all assets, and a file `ID-asset.json` for each one that has regions. A region may have
several tags; each is a label.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, fitting, json_object, peek, read_each, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "vott",
    "VoTT",
    "The JSON export, or the files of a project.",
    suffixes=(".json", ".vott"),
    order=90,
)

ASSET, PROJECT = "-asset.json", ".vott"
WITHOUT_AREA = ("POINT", "POLYLINE")
TAGGED = 2  # the state of an asset that has regions


def detect(source: Path) -> bool:
    """Whether there is an export, a project, or an asset's file."""
    return any_file(source, (".json", PROJECT), _fits)


def _fits(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    return ('"assets"' in text and '"tags"' in text) or ('"asset"' in text and '"regions"' in text)


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a file, or all of a folder. An asset that stands in several files counts once."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    assets = _Assets(image_index, problems)
    paths = fitting(source, (".json", PROJECT), _is_ours, problems)
    for _, file, entries in read_each(sorted(paths, key=_rank), source, _entries, problems):
        for line, entry in entries:
            rows.extend(assets.rows(entry, line, file))
    return assemble(rows, problems, image_index)


def _is_ours(path: Path) -> bool:
    return path.name.endswith((ASSET, PROJECT)) or _fits(peek(path))


def _rank(path: Path) -> int:
    """Assets' own files first, which are the newest, then exports, then projects, which have no regions."""
    return 0 if path.name.endswith(ASSET) else 2 if path.name.endswith(PROJECT) else 1


def _entries(path: Path) -> list[tuple[str, object]]:
    """Each asset of a file with its place in it."""
    content = read_json(path)
    stated = json_object(content)
    if isinstance(stated.get("asset"), dict):
        return [("", stated)]
    if isinstance(stated.get("assets"), dict):
        return [(f"assets.{key}", entry) for key, entry in stated["assets"].items()]
    if path.suffix == PROJECT and stated and "assets" not in stated:
        return []  # a project in which nothing was opened yet
    raise ValueError(f"{path.name} is no file of VoTT: expected an object with 'asset' or 'assets' in it.")


@dataclass
class _Assets:
    """Reads assets, each of them once. known: the regions by the asset's id, as far as they were read."""

    image_index: ImageIndex
    problems: Problems
    known: dict[str, object] = field(default_factory=dict)

    def rows(self, entry: object, line: str, file: str) -> Iterator[Row]:
        """A row for each label of an asset; none, which is reported, if it cannot be read or was read before."""
        stated = json_object(entry)
        asset: dict[str, Any] = stated["asset"] if isinstance(stated.get("asset"), dict) else stated
        regions = stated.get("regions", [])
        image = _image(asset, posixpath.dirname(file), self.image_index)
        if not image or not isinstance(regions, list):
            self.problems.left_out(file, line, "expected an asset with a path and a list of regions; left out.")
        elif self._is_new(stated, asset, image, line, file):
            common = _common(asset, image, file)
            if not regions:
                yield common | {"line": line}
            for place, region in enumerate(regions):
                where = ".".join(part for part in (line, f"regions[{place}]") if part)
                yield from (common | row for row in _region_rows(region, where, file, self.problems))

    def _is_new(self, stated: dict[str, Any], asset: dict[str, Any], image: str, line: str, file: str) -> bool:
        """Whether an asset was not read before, and its regions are here; else that is reported."""
        identity, regions = str(asset.get("id", image)), stated.get("regions", [])
        if identity in self.known:
            if "regions" in stated and self.known[identity] != regions:
                reason = f"{image!r} has other regions in another file, which were read before these."
                self.problems.noted(file, line, reason)
            return False
        self.known[identity] = regions
        if "regions" not in stated and asset.get("state") == TAGGED:
            reason = f"{image!r} has tags, but its file {identity[:50]}{ASSET} is not here."
            self.problems.left_out(file, line, reason)
            return False
        return True


def _common(asset: dict[str, Any], image: str, file: str) -> Row:
    size = json_object(asset.get("size"))
    return {
        "image": image,
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "vott",
        "width": pixels(size.get("width")),
        "height": pixels(size.get("height")),
        "split": split_from_path(file),
    }


def _image(asset: dict[str, Any], beside: str, image_index: ImageIndex) -> str:
    """The name of an asset's image, or its path where the name is not enough; empty if it has none."""
    path = next((asset[key] for key in ("path", "name") if isinstance(asset.get(key), str) and asset[key].strip()), "")
    path = re.sub(r"^file:/*(?=/|[a-zA-Z]:)", "", path)  # an address of the machine that it was tagged on
    if "://" in path:
        return path
    name = posixpath.basename(unquote(path))
    return name if image_index.find(name, beside)[0] else unquote(path)


def _region_rows(region: object, line: str, file: str, problems: Problems) -> Iterator[Row]:
    stated = json_object(region)
    tags = stated.get("tags")
    if not isinstance(tags, list) or not tags:
        problems.left_out(file, line, "a region without a tag is left out.")
        return
    for tag in tags:
        label = class_name(tag)
        if label is None:
            problems.left_out(file, line, f"{str(tag)[:50]!r} is no name of a class; left out.")
            continue
        row = {"label": label, "line": line}
        if stated.get("type") in WITHOUT_AREA:
            problems.noted(file, line, f"{label!r} marks no area; it is read as a label of the whole image.")
            yield row
        else:
            outline = stated["type"] if stated.get("type") == "POLYGON" else ""
            yield row | {"attributes": attributes_text({"type": outline})} | _box(stated)


def _box(region: dict[str, Any]) -> dict[str, float]:
    box = region.get("boundingBox")
    if isinstance(box, dict):
        x, y, width, height = (coordinate(box.get(key)) for key in ("left", "top", "width", "height"))
        return dict(zip(BOX, (x, y, x + width, y + height), strict=True))
    points = region.get("points")
    listed = points if isinstance(points, list) else []
    return box_around([(point.get("x"), point.get("y")) if isinstance(point, dict) else () for point in listed])
