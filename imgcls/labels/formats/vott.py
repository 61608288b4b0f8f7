"""VoTT: its JSON export, and the files that a project itself consists of.

https://github.com/microsoft/VoTT: the export `NAME-export.json` holds each asset with its regions; a project is
`NAME.vott` with a list of all assets, and a file `ID-asset.json` for each one that has regions. A region may have
several tags; each is a label.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, fitting, peek, read_each, read_json
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
    known: dict[str, Any] = {}
    paths = fitting(source, (".json", PROJECT), _is_ours, problems)
    for _, file, assets in read_each(sorted(paths, key=_rank), source, _assets, problems):
        for line, entry in assets:
            rows.extend(_rows(entry, line, file, known, image_index, problems))
    return assemble(rows, problems, image_index)


def _is_ours(path: Path) -> bool:
    return path.name.endswith((ASSET, PROJECT)) or _fits(peek(path))


def _rank(path: Path) -> int:
    """Assets' own files first, which are the newest, then exports, then projects, which have no regions."""
    return 0 if path.name.endswith(ASSET) else 2 if path.name.endswith(PROJECT) else 1


def _assets(path: Path) -> list[tuple[str, object]]:
    """Each asset of a file with its place in it."""
    content = read_json(path)
    stated = content if isinstance(content, dict) else {}
    if isinstance(stated.get("asset"), dict):
        return [("", stated)]
    if isinstance(stated.get("assets"), dict):
        return [(f"assets.{key}", entry) for key, entry in stated["assets"].items()]
    if path.suffix == PROJECT and stated and "assets" not in stated:
        return []  # a project in which nothing was opened yet
    raise ValueError(f"{path.name} is no file of VoTT: expected an object with 'asset' or 'assets' in it.")


def _rows(
    entry: object, line: str, file: str, known: dict[str, Any], image_index: ImageIndex, problems: Problems
) -> Iterator[Row]:
    """known: the regions by the asset's id, as far as they were read; this asset is added."""
    stated = entry if isinstance(entry, dict) else {}
    asset: dict[str, Any] = stated["asset"] if isinstance(stated.get("asset"), dict) else stated
    regions = stated.get("regions", [])
    image = _image(asset, posixpath.dirname(file), image_index)
    if not image or not isinstance(regions, list):
        problems.left_out(file, line, "expected an asset with a path and a list of regions; left out.")
        return
    identity = str(asset.get("id", image))
    if identity in known:
        if "regions" in stated and known[identity] != regions:
            problems.noted(file, line, f"{image!r} has other regions in another file, which were read before these.")
        return
    known[identity] = regions
    if "regions" not in stated and asset.get("state") == TAGGED:
        problems.left_out(file, line, f"{image!r} has tags, but its file {identity[:50]}{ASSET} is not here.")
        return
    size = _dictionary(asset.get("size"))
    common = {"image": image, "file": file, "beside": posixpath.dirname(file), "source": "vott",
              "width": pixels(size.get("width")), "height": pixels(size.get("height")),
              "split": split_from_path(file)}  # fmt: skip
    if not regions:
        yield common | {"line": line}
    for place, region in enumerate(regions):
        where = ".".join(part for part in (line, f"regions[{place}]") if part)
        for row in _region_rows(region, where, file, problems):
            yield common | row


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _image(asset: dict[str, Any], beside: str, image_index: ImageIndex) -> str:
    """The name of an asset's image, or its path where the name is not enough; empty if it has none."""
    path = next((asset[key] for key in ("path", "name") if isinstance(asset.get(key), str) and asset[key].strip()), "")
    path = re.sub(r"^file:/*(?=/|[a-zA-Z]:)", "", path)  # an address of the machine that it was tagged on
    if "://" in path:
        return path
    name = posixpath.basename(unquote(path))
    return name if image_index.find(name, beside)[0] else unquote(path)


def _region_rows(region: object, line: str, file: str, problems: Problems) -> Iterator[Row]:
    stated = region if isinstance(region, dict) else {}
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
