"""Lists of ImageNet's form: `train.txt` and `val.txt` with an image and the number of its class on each line.

Caffe's `ilsvrc12` lists, MMPretrain and Datumaro (`imagenet_txt`) use it. Numbers count from 0; their names are the
lines of `synsets.txt`, `classes.txt` or the like beside the list. A line may have several numbers, and a path with
blanks may stand in quotation marks.
"""

import posixpath
from itertools import takewhile
from pathlib import Path

from imgcls.image_files import SUFFIXES
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, name_in, read_text
from imgcls.labels.format import Format
from imgcls.labels.formats.imagenet import SYNSET, names_in_lines, names_of_synsets
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, class_name
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "imagenet_lists",
    "ImageNet lists: train.txt, val.txt",
    "Lists with an image and the number of its class on each line.",
    suffixes=(".txt",),
    order=160,
)

NAMES = ("synset_words.txt", "synsets.txt", "synset.txt", "classes.txt", "class_names.txt", "label_names.txt",
         "labels.txt", "categories.txt", "names.txt", "loc_synset_mapping.txt")  # fmt: skip
UNKNOWN = "-1"  # where the class is kept secret


def detect(source: Path) -> bool:
    """Whether there is a text file whose first line is an image and a number."""
    return any_file(source, (".txt",), lambda text: _is_entry(text.split("\n", 1)[0]))


def _is_entry(line: str) -> bool:
    path, numbers = _entry(line)
    return bool(numbers) and path.lower().endswith(SUFFIXES)


def _entry(line: str) -> tuple[str, list[str]]:
    """The path and the numbers behind it."""
    behind = list(takewhile(lambda word: word.isdecimal() or word == UNKNOWN, reversed(line.split()[1:])))
    path = line.strip().rsplit(None, len(behind))[0] if behind else line.strip()
    return path.replace('"', ""), behind[::-1]


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a list, or all of a folder; the split is in a list's name. A number without a name is its own."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    split_of: dict[str, str] = {}
    for path in files_of(source, ".txt"):
        if source.is_dir() and _lists_names(path):
            continue
        file = name_in(path, source)
        try:
            lines = read_text(path).splitlines()
            if source.is_dir() and not any(map(_is_entry, lines)):
                problems.noted(file, "", "this text has no lines of an image and a number; it is not read.")
                continue
            rows.extend(_rows(lines, file, _names(path, source, problems), split_of, problems))
        except ValueError as error:
            problems.left_out(file, "", str(error))
    return assemble(rows, problems, image_index)


def _names(path: Path, source: Path, problems: Problems) -> list[str | None] | None:
    """The names of the numbers, from beside the list or from the top of the source; None if there are none."""
    for folder in (path.parent, source if source.is_dir() else path.parent):
        beside = {entry.name.lower(): entry for entry in sorted(folder.iterdir()) if entry.is_file()}
        for name in NAMES:
            if name in beside and _lists_names(beside[name]):
                return _named(read_text(beside[name]), source, problems)
    return None


def _lists_names(path: Path) -> bool:
    """Whether a file holds the names of the classes: a labels.txt may list images with their numbers instead."""
    return path.name.lower() in NAMES and not detect(path)


def _named(text: str, source: Path, problems: Problems) -> list[str | None]:
    """Each line is a name, a synset, or a synset with its synonyms."""
    lines = text.rstrip("\r\n").splitlines()
    synsets = [(line.split() or [""])[0] for line in lines]
    if not lines or not all(map(SYNSET.fullmatch, synsets)):
        return [class_name(line.strip()) for line in lines]
    names = names_in_lines(text) or names_of_synsets(source if source.is_dir() else source.parent, problems)
    return [names.get(synset, synset) for synset in synsets]


def _rows(
    lines: list[str], file: str, names: list[str | None] | None, split_of: dict[str, str], problems: Problems
) -> list[Row]:
    """split_of: the split of each image in the lists that were read; these are added."""
    split = split_from_path(file)
    if names is None:
        problems.noted(file, "", f"there is no list of names, such as {NAMES[1]}; the numbers are the classes' names.")
    rows = []
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        path, numbers = _entry(line)
        if not numbers:
            problems.left_out(file, place, f"expected an image and a number, got {line[:80]!r}; left out.")
            continue
        if split_of.setdefault(path, split) != split:
            problems.changed(
                file, place, f"{path!r} is in the split {split_of[path] or 'of no name'!r} already; it stays."
            )
        common = {
            "image": path,
            "file": file,
            "beside": posixpath.dirname(file),
            "line": place,
            "source": "imagenet_lists",
            "split": split_of[path],
        }
        for number in numbers:
            label = "" if number == UNKNOWN else _name_of(number, names)
            if label is None:
                listed = len(names or ())
                problems.left_out(file, place, f"class {number[:50]} has no name in the list of {listed}; left out.")
            else:
                rows.append(common | {"label": label})
    return rows


def _name_of(number: str, names: list[str | None] | None) -> str | None:
    if names is None:
        return str(int(number)) if len(number) < 10 else number
    place = int(number) if len(number) < 10 else len(names)
    return names[place] if place < len(names) else None
