"""TFRecord files of TensorFlow's Object Detection API: images with boxes, or with one class an image, as in TF-Slim.

https://github.com/tensorflow/models/blob/master/research/object_detection/g3doc/using_your_own_dataset.md describes the
examples: `image/encoded`, `image/object/bbox/xmin` and so on as shares of the image, and `image/object/class/text` or
`.../label`, whose numbers a label map names (`label_map.pbtxt`). The images are written out as they are.
"""

import gzip
import posixpath
import re
import zlib
from collections.abc import Iterator
from itertools import chain, count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcls.counted import counted
from imgcls.image_files import suffix_of
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import PEEKED, TRIED, files_named, files_of, name_in, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path
from imgcls.labels.unpacking import folder_for_images

if TYPE_CHECKING:
    import tensorflow as tf

FORMAT = Format(
    "tfrecord",
    "TFRecord of TensorFlow Object Detection",
    "Examples with encoded images, classes and boxes.",
    suffixes=(".pbtxt",),
    file_names=r"\.(tfrecords?|tfrec|record)(-\d+-of-\d+)?$",
    packed=True,
    order=190,
)

RECORD = re.compile(r"\.(tfrecords?|tfrec|record)(?=-\d+-of-\d+$|$)")
SIGNS = tuple(f"image/{name}" for name in ("encoded", "height", "width", "format", "source_id", "key/", "object/",
                                           "class/", "filename"))  # fmt: skip
OTHERS = "dataset_info.json"  # beside the files of TensorFlow Datasets, which have another form
GZIP = b"\x1f\x8b"
OBJECTS, WHOLE = "image/object/class/", "image/class/"
EDGES = ("xmin", "ymin", "xmax", "ymax")
FLAGS = {"difficult": "difficult", "truncated": "truncated", "is_crowd": "crowd", "group_of": "crowd",
         "occluded": "occluded"}  # fmt: skip
ITEM = re.compile(r"\bitem\s*\{")
FIELD = re.compile(r"""\b(id|name|display_name)\s*:\s*(?:(\d+)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


def detect(source: Path) -> bool:
    """Whether there is a file whose first example has the features of an image."""
    return any(_fits(path) for path in _record_files(source)[:TRIED])


def _record_files(source: Path) -> list[Path]:
    return [path for path in files_named(source, RECORD) if path.is_file()]


def _fits(path: Path) -> bool:
    text = _head(path)
    return any(sign in text for sign in SIGNS) and not (path.parent / OTHERS).exists()


def _head(path: Path) -> str:
    """The beginning of a file, unpacked, as far as it is text; nothing of one that cannot be opened."""
    try:
        with gzip.open(path) if _is_packed(path) else path.open("rb") as file:
            return file.read(PEEKED).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return ""


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a file, or all of a folder, and write the images below `image_index.extract`, which must be given.

    Raises:
        ValueError: There are no examples.
    """
    source = Path(source)
    folder = folder_for_images(source, image_index)
    problems = Problems()
    names = _label_map(source, problems)
    rows: list[Row] = []
    taken: set[str] = set()
    for path in [source] if source.is_file() else _record_files(source):
        file = name_in(path, source)
        group = RECORD.sub("", file)
        for line, example in _examples(path, file, problems):
            said = _Said(example, names)
            image = _write(said, folder, group, line, taken)
            if image:
                rows.extend(_rows(said, image, file, line, problems))
            else:
                lost = len(said.labels(OBJECTS) or said.labels(WHOLE))
                problems.left_out(file, line, f"no image is inside this example; left out, with its labels ({lost}).")
    if not rows and not problems.rows:
        raise ValueError(f"There are no examples in {source}. Expected TFRecord files such as train.tfrecord.")
    return assemble(rows, problems, ImageIndex(folder))


def _examples(path: Path, file: str, problems: Problems) -> Iterator[tuple[int, "tf.train.Example"]]:
    """The examples that can be read, with their places; where a file is damaged, the rest of it is reported."""
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    records, place = None, -1
    while True:
        try:
            records = records or enumerate(tf.data.TFRecordDataset(str(path), "GZIP" if _is_packed(path) else ""))
            place, record = next(records)
            yield place, tf.train.Example.FromString(record.numpy())
        except StopIteration:
            return
        except DecodeError:
            problems.left_out(file, place, "this record is no tf.train.Example; left out.")
        except (tf.errors.OpError, OSError) as error:
            why = str(getattr(error, "message", error)).split(";")[0][:150]
            problems.left_out(file, place + 1, f"the file is damaged from here on, the rest is left out: {why}.")
            return


class _Said:
    """What an example says, feature by feature."""

    def __init__(self, example: "tf.train.Example", names: dict[object, str]) -> None:
        self._features, self._names = example.features.feature, names

    def all(self, feature: str) -> list[Any]:
        """The values of a feature; none if the example has no such feature."""
        if feature not in self._features:
            return []
        kind = self._features[feature].WhichOneof("kind")
        return list(getattr(self._features[feature], kind).value) if kind else []

    def first(self, feature: str) -> Any:
        return next(iter(self.all(feature)), None)

    def text(self, feature: str) -> str:
        value = self.first(feature)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""

    def labels(self, prefix: str) -> list[str | None]:
        """The names of the classes, by their text, else by their numbers; None for what is no name."""
        texts = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else "" for value in self.all(f"{prefix}text")
        ]
        numbers = self.all(f"{prefix}label")
        named = [self._names.get(text, text) for text in texts]
        numbered = [self._names.get(number, str(number)) for number in numbers]
        return [class_name(text or number) for text, number in zip_longest(named, numbered, fillvalue="")]


def _write(said: _Said, folder: Path, group: str, place: int, taken: set[str]) -> str:
    """Write the image of an example and return its path; empty if there is none. taken: the paths so far."""
    data = said.first("image/encoded")
    suffix = suffix_of(data) if isinstance(data, bytes) else ""
    if not suffix:
        return ""
    stem = re.sub(r"[^\w\- ]", "_", posixpath.splitext(said.text("image/filename").split("/")[-1])[0]).strip()[:100]
    names = chain([stem] if stem else [], [f"{place:06d}"], (f"{place:06d}-{number}" for number in count(2)))
    name = next(name for name in (f"{group}/{name}{suffix}" for name in names) if name not in taken)
    taken.add(name)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return name


def _rows(said: _Said, image: str, file: str, line: int, problems: Problems) -> Iterator[Row]:
    width, height = pixels(said.first("image/width")), pixels(said.first("image/height"))
    common = {
        "image": image,
        "file": file,
        "line": line,
        "source": "tfrecord",
        "split": split_from_path(file),
        "width": width,
        "height": height,
        "attributes": attributes_text({"filename": said.text("image/filename")}),
    }
    edges = [said.all(f"image/object/bbox/{edge}") for edge in EDGES]
    boxed = any(edges)
    labels = said.labels(OBJECTS if boxed else WHOLE)
    if boxed and {len(values) for values in edges} != {len(labels)}:
        counts = ", ".join(str(len(values)) for values in edges)
        problems.left_out(file, line, f"{counted(len(labels), 'class')} for {counts} edges of boxes; left out.")
        return
    if not labels:
        yield common
    flags = [(flag, said.all(f"image/object/{feature}")) for feature, flag in FLAGS.items()]
    for place, label in enumerate(labels):
        if label is None:
            problems.left_out(file, line, f"label {place} of this example has no name; left out.")
            continue
        row = common | {"label": label}
        row |= {flag: True for flag, values in flags if place < len(values) and values[place] == 1}
        yield row | (_box([values[place] for values in edges], (width, height)) if boxed else {})


def _box(shares: list[Any], size: tuple[int, int]) -> dict[str, Any]:
    """Pixels; infinite, which is reported later, if the example does not say how large its image is."""
    sides = [side or float("inf") for side in size] * 2
    values = [coordinate(share) * side for share, side in zip(shares, sides, strict=True)]
    return dict(zip(BOX, [value if value == value else float("inf") for value in values], strict=True))


def _label_map(source: Path, problems: Problems) -> dict[object, str]:
    """The names of the classes by their numbers, and by their inner names where they have one to show."""
    names: dict[object, str] = {}
    for path in files_of(source if source.is_dir() else source.parent, ".pbtxt"):
        file = path.name if source.is_file() else name_in(path, source)
        try:
            items = [_item(text) for text in ITEM.split(read_text(path))[1:]]
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        for item in items:
            shown = class_name(item.get("display_name") or item.get("name"))
            if shown and "id" in item:
                names |= {int(item["id"]): shown, item.get("name", shown): shown}
            else:
                problems.left_out(file, "", f"an item without a number or a name is left out: {str(item)[:80]}.")
    return names


def _item(text: str) -> dict[str, str]:
    """The first of each field of an item; text is escaped as in protocol buffers."""
    from google.protobuf.text_encoding import CUnescape

    fields: dict[str, str] = {}
    for name, number, double, single in FIELD.findall(text):
        fields.setdefault(name, number or CUnescape(double or single).decode("utf-8", "replace"))
    return fields
