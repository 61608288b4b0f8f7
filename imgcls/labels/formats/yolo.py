"""YOLO text: a line a box with the number of its class, and the class names in `classes.txt`, `*.names` or `data.yaml`.

https://docs.ultralytics.com/datasets/detect/ describes it: a text file an image, beside it or in `labels/` where the
image is in `images/`; each line is `class x_centre y_centre width height` as shares of the upright image, or
`class x1 y1 x2 y2 ...` around an outline. LabelImg writes its class list anew with every file it saves, so two lists
that differ are refused: the numbers could mean either.
"""

import math
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from imgcls.counted import counted
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, json_object, name_in, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import IMAGE_FOLDERS, ImageIndex, upright_size
from imgcls.labels.records import BOX, Problems, Records, Row, class_name, coordinate
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "yolo",
    "YOLO",
    "A text file an image with a line a box, and the names of the classes.",
    suffixes=(".txt", ".names", ".yaml", ".yml"),
    order=30,
)

CLASS_LISTS = ("classes.txt", ".names")
CARDS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
CARD_SPLITS = {"train": "train", "val": "validation", "valid": "validation", "test": "test"}
NOT_LABELS = {"train.txt", "val.txt", "valid.txt", "test.txt", "trainval.txt", "requirements.txt", "license.txt"}
BOX_FIELDS = (5, 6)  # with and without a confidence


def detect(source: Path) -> bool:
    """Whether there is a class list and a text file of numbers."""
    if source.is_file() or not (any(files_of(source, *CLASS_LISTS)) or any(files_of(source, *CARDS))):
        return False
    return any_file(source, (".txt",), _fits) or any_file(source, CARDS, lambda text: "names" in text)


def _fits(text: str) -> bool:
    fields = text.split("\n", 1)[0].split()
    return len(fields) >= min(BOX_FIELDS) and fields[0].isdigit() and all(_share(field) is not None for field in fields)


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a folder of text files.

    Raises:
        ValueError: There is no class list, or it differs from the card in the same folder.
    """
    source = Path(source)
    if not source.is_dir():
        raise ValueError(f"{source} is a file. Expected the folder with YOLO text files and their class list.")
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    names = {path.parent: _names_in(path.parent) for path in files_of(source, *CLASS_LISTS, *CARDS)}
    if not names:
        raise ValueError(f"There is no class list in {source}. Expected classes.txt or data.yaml with the names.")
    splits, whole = _splits(source, image_index, problems)
    image_of = _Neighbours(image_index)
    rows = []
    for path in files_of(source, ".txt"):
        if path.name.lower() not in NOT_LABELS and not path.name.lower().endswith(CLASS_LISTS):
            rows.extend(_rows(path, source, _nearest(names, path.parent), image_of, problems))
    records = assemble(rows, problems, image_index, add_unlisted=True)
    table = records.boxes_or_images
    table["split"] = [_split_of(image, splits, whole) for image in table["image"]]
    table["source"] = "yolo"
    return records


class _Neighbours:
    """Which image belongs to a text file: the same name in the same folder, or in `images` instead of `labels`."""

    def __init__(self, image_index: ImageIndex) -> None:
        self.root = image_index.root
        self._by_place = defaultdict(list)
        self._by_name = defaultdict(list)
        for path in image_index.paths:
            place = posixpath.splitext(path)[0]
            self._by_place[place].append(path)
            self._by_name[posixpath.basename(place)].append(path)

    def of(self, file: str) -> list[str]:
        place = posixpath.splitext(file)[0]
        parts = place.split("/")
        swapped = ["images" if part == "labels" else part for part in parts]
        return self._by_place.get(place) or self._by_place.get("/".join(swapped)) or self._by_name.get(parts[-1]) or []


def _rows(path: Path, source: Path, names: list[str | None], image_of: _Neighbours, problems: Problems) -> list[Row]:
    file = name_in(path, source)
    try:
        lines = read_text(path).splitlines()
    except ValueError as error:
        problems.left_out(file, "", str(error))
        return []
    found = image_of.of(file)
    if len(found) != 1:
        what = f"there are {len(found)} images of this name" if found else "there is no image of this name"
        labels = sum(bool(line.strip()) for line in lines)
        if found or any(map(_fits, lines)) or not labels:
            problems.left_out(file, "", f"{what}; {counted(labels, 'label')} left out.")
        else:
            problems.noted(file, "", "this text has neither an image nor labels; it is not read.")
        return []
    try:
        width, height = upright_size(image_of.root / found[0])
    except ValueError as error:
        problems.left_out(file, "", f"{error}; its labels are left out, because their boxes are shares of its size.")
        return []
    common = {"image": found[0], "width": width, "height": height, "file": file}
    rows = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            label, box, complaint = _label_and_box(line.split(), names, (width, height))
            if complaint:
                problems.left_out(file, number, complaint)
            else:
                rows.append(common | {"label": label, "line": number} | dict(zip(BOX, box, strict=True)))
    return rows if rows or any(line.strip() for line in lines) else [common | {"line": 1}]


def _label_and_box(fields: list[str], names: list[str | None], size: tuple[int, int]) -> tuple[str, list[float], str]:
    shares = [share for share in map(_share, fields[1:]) if share is not None]
    odd = len(shares) < len(fields) - 1 or (len(fields) > 6 and len(shares) % 2)
    if not fields[0].isdecimal() or odd or len(shares) < 4:
        return "", [], f"expected a class number and a box, got {' '.join(fields)[:80]!r}; left out."
    number = int(fields[0]) if len(fields[0]) < 10 else len(names)
    label = names[number] if number < len(names) else None
    if label is None:
        return "", [], f"class {fields[0]} has no name in the class list of {len(names)}; left out."
    if len(fields) in BOX_FIELDS:
        x, y, w, h = shares[:4]
        corners = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    else:
        corners = [min(shares[::2]), min(shares[1::2]), max(shares[::2]), max(shares[1::2])]
    return label, [share * side for share, side in zip(corners, size * 2, strict=True)], ""


def _share(field: str) -> float | None:
    """The number that a field is, or None."""
    number = coordinate(field)
    return number if math.isfinite(number) else None


def _names_in(folder: Path) -> list[str | None]:
    """The class names that a folder's list and card state, by number; None for a number without a name."""
    stated = {}
    for path in files_of(folder, *CLASS_LISTS, *CARDS):
        if path.parent == folder:
            card = path.name.lower() in CARDS
            names = _card_names(_card(path), path) if card else _listed_names(path)
            stated[path.name] = names
    stated = {name: names for name, names in stated.items() if names} or stated
    if len({tuple(names) for names in stated.values()}) > 1:
        raise ValueError(
            f"{' and '.join(stated)} in {folder} list different classes, so the numbers could mean either. "
            "Remove the one that is wrong."
        )
    return next(iter(stated.values()))


def _listed_names(path: Path) -> list[str | None]:
    return [class_name(line) for line in read_text(path).rstrip("\r\n").splitlines()]


def _card(path: Path) -> dict[str, Any]:
    text = read_text(path)
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, AttributeError, LookupError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise ValueError(f"{path} is no YAML that can be read (line {line}).") from error
    return json_object(content)


def _card_names(card: dict[str, Any], path: Path) -> list[str | None]:
    names = card.get("names") or []
    if isinstance(names, dict) and all(type(number) is int and 0 <= number < 10**5 for number in names):
        names = [names.get(number) for number in range(max(names) + 1)]
    if not isinstance(names, list):
        raise ValueError(f"'names' in {path} is no list of classes, nor names by their numbers.")
    return [class_name(name) for name in names]


def _nearest(names: dict[Path, list[Any]], folder: Path) -> list[str | None]:
    """The names of the closest class list: in the folder, in one above, or the only one there is."""
    above = [parent for parent in (folder, *folder.parents) if parent in names]
    if above:
        return names[above[0]]
    lists = {tuple(listed) for listed in names.values()}
    if len(lists) > 1:
        raise ValueError(f"Several class lists differ, and none is in {folder} or above it. Put the right one there.")
    return list(lists.pop())


def _splits(source: Path, image_index: ImageIndex, problems: Problems) -> tuple[dict[str, str], bool]:
    """Split by what a card lists for it, and whether all of that is there.

    A card lists folders, images, or text files with the names of images; what is not there is reported.
    """
    splits: dict[str, str] = {}
    whole = True
    for path, key, entry, root in _entries(source):
        file, split = name_in(path, source), CARD_SPLITS[key]
        below = _place(entry, root, path.parent.relative_to(source).as_posix(), source)
        if below is None:
            reason = f"there is no {entry!r}; the names of their folders say which images are of this split."
            problems.changed(file, key, reason)
            whole = False
        elif splits.setdefault(below, split) != split:
            problems.changed(file, key, f"{entry!r} is the split {splits[below]!r} too; it stays that one.")
        else:
            for image in _listed_images(source / below, below, image_index, problems):
                splits.setdefault(image, split)
    return splits, whole


def _entries(source: Path) -> Iterator[tuple[Path, str, str, object]]:
    """Card, key, entry and the card's `path` of everything that cards list for a split."""
    for path in files_of(source, *CARDS):
        card = _card(path)
        for key in CARD_SPLITS:
            for entry in card[key] if isinstance(card.get(key), list) else [card.get(key)]:
                if isinstance(entry, str) and entry:
                    yield path, key, entry, card.get("path")


def _place(entry: str, root: object, base: str, source: Path) -> str | None:
    """Where a card's entry lies below the source; None if it is not there.

    It may start from the card's folder, from the card's `path`, or from where the data lay when the card was written;
    Roboflow's `../train/images` means the folder beside the card.
    """
    entry = entry.replace("\\", "/")
    starts = [base, posixpath.join(base, root.replace("\\", "/")) if isinstance(root, str) else base]
    places = [posixpath.normpath(posixpath.join(start, entry)) for start in starts]
    parts = [part for part in entry.split("/") if part not in ("", ".", "..")]
    tails = [parts[first:] for first in range(len(parts)) if not IMAGE_FOLDERS.issuperset(parts[first:])]
    places += [posixpath.normpath(posixpath.join(base, *tail)) for tail in tails]
    inside = (place for place in places if not place.startswith(("/", "..")) and "\0" not in place)
    return next((place for place in inside if _exists(source / place)), None)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long for this file system
        return False


def _listed_images(path: Path, file: str, image_index: ImageIndex, problems: Problems) -> list[str]:
    """The images that a text file names; what it names and is not there is reported."""
    if path.suffix != ".txt" or not path.is_file():
        return []
    images = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        found, reason = image_index.find(line.strip(), posixpath.dirname(file)) if line.strip() else ("", "")
        if found:
            images.append(found)
        elif line.strip():
            problems.left_out(file, number, f"{reason}, so its split is not known.")
    return images


def _split_of(image: str, splits: dict[str, str], whole: bool) -> str:
    """The split that a card gives to an image or a folder above it; else that of its folder's name, if not `whole`."""
    place = image
    while place:
        if place in splits:
            return splits[place]
        place = posixpath.dirname(place)
    return "" if splits and whole else split_from_path(posixpath.dirname(image))
