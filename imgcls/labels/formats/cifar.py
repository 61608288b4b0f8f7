"""CIFAR-10 and CIFAR-100 as they are published: pickles for Python, and the binary version.

https://www.cs.toronto.edu/~kriz/cifar.html describes both. A row of pixels is the red plane, then the green, then
the blue. CIFAR-100 has a fine and a coarse label; the fine one is the class, the coarse one an attribute. A pickle can
ask for any code to be run, so these are read by an unpickler that can build arrays and plain values and nothing else.
"""

import math
import pickle
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imgcls.counted import counted
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_named, name_in, peek, read_bytes, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, attributes_text, class_name
from imgcls.labels.split_names import split_from_path
from imgcls.labels.unpacking import folder_for_images, write_pixels

FORMAT = Format(
    "cifar",
    "CIFAR",
    "CIFAR-10 or CIFAR-100: batches of pixels, as pickles or in the binary version.",
    file_names=r"^(data_batch_\d|test_batch|train|test)\.bin$",
    packed=True,
    order=180,
)

BATCH = re.compile(r"^(data_batch_\d+|test_batch|train|test)(\.bin)?$")
LABELS = ("labels", "fine_labels")  # of CIFAR-10 and CIFAR-100
NAME_LISTS = {"labels": "label_names", "fine_labels": "fine_label_names", "coarse_labels": "coarse_label_names"}
BINARY_LISTS = {"label_names": "batches.meta.txt"}  # the others are called as in the pickles
BEGINNINGS = ("\ufffd", "(d")  # of a pickle that holds a dictionary: a byte that is no text, or the oldest protocol
SIDE = 32  # pixels, of the binary version
KINDS = {"u1": "<u1", "i4": "<i4", "i8": "<i8"}
MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")
FAULTS = (  # what a damaged file makes the readers below raise
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


class _Batch(NamedTuple):
    """pixels: (N, 3 * side * side), uint8; labels and names by their kind, such as "fine_labels"; file names."""

    pixels: np.ndarray
    labels: dict[str, list[Any]]
    filenames: list[Any]


class _Kind:
    """A number type of the pickle, by its name such as "u1"; only little-endian and single bytes."""

    def __init__(self, name: Any = "", *_: object) -> None:
        self.name, self.order = _text(name), "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = _text(state[1])


class _Array:
    """An array of the pickle, as far as it is one of bytes, integers, or a list of them."""

    def __init__(self, *_: object) -> None:
        self.shape: tuple[int, ...] = ()
        self.kind = _Kind()
        self.fortran = False
        self.raw: Any = b""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.kind, self.fortran, self.raw = state

    @classmethod
    def of_buffer(cls, raw: Any, kind: _Kind, shape: tuple[Any, ...], order: str) -> "_Array":
        array = cls()
        array.__setstate__((1, shape, kind, _text(order) == "F", raw))
        return array

    def array(self) -> np.ndarray:
        """The array. Raises ValueError for numbers of another kind."""
        if self.kind.name in ("O", "O8") and isinstance(self.raw, list):
            flat = np.array(self.raw)
            if flat.dtype.kind not in "iu" or flat.ndim != 1:
                raise ValueError("an array in it does not hold numbers in rows of one length")
        elif self.kind.name in KINDS and self.kind.order != ">":
            flat = np.frombuffer(_raw(self.raw), KINDS[self.kind.name])
        else:
            raise ValueError(f"an array in it is of the kind {self.kind.name!r}")
        return flat.reshape(self.shape, order="F" if self.fortran else "C")


class _PlainValues(pickle.Unpickler):
    """An unpickler that can build arrays and plain values, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module in MODULES and name in ("_reconstruct", "ndarray"):
            return _Array
        if module in MODULES and name == "dtype":
            return _Kind
        if module in MODULES and name == "_frombuffer":
            return _Array.of_buffer
        if module in MODULES and name == "scalar":
            return _integer
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for Python 2
            return lambda text, *_: _raw(text)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only arrays and plain values are read from it")


def _integer(kind: _Kind, raw: Any) -> int:
    return int(np.frombuffer(_raw(raw), KINDS[kind.name])[0])


def _raw(value: Any) -> bytes:
    """The bytes of a buffer; Python 2's arrive as text."""
    return value.encode("latin-1") if isinstance(value, str) else bytes(memoryview(value))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def detect(source: Path) -> bool:
    """Whether there is a batch of images in one of the two forms."""
    return any(_fits(path) for path in _batch_files(source))


def _batch_files(source: Path) -> list[Path]:
    return [path for path in files_named(source, BATCH) if path.is_file()]


def _fits(path: Path) -> bool:
    if path.suffix == ".bin":
        size = path.stat().st_size
        return size > 0 and size % (_labels_in(path) + 3 * SIDE * SIDE) == 0
    text = peek(path)
    return text.startswith(BEGINNINGS) and "labels" in text and "data" in text


def _labels_in(path: Path) -> int:
    """How many labels a record of the binary version begins with."""
    return 1 if "batch" in path.name else 2


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a batch, or all of a folder, and write the images below `image_index.extract`, which must be given.

    A number without a name is the name of its class, which is reported.

    Raises:
        ValueError: There is no batch.
    """
    source = Path(source)
    folder = folder_for_images(source, image_index)
    problems = Problems()
    rows = []
    for path in [source] if source.is_file() else _batch_files(source):
        file = name_in(path, source)
        try:
            batch = _binary(path) if path.suffix == ".bin" else _pickled(path)
            rows.extend(_rows(batch, path, file, folder, problems))
        except ValueError as error:
            problems.left_out(file, "", str(error))
    if not rows and not problems.rows:
        raise ValueError(
            f"There are no batches of CIFAR in {source}. Expected files such as data_batch_1 or train.bin."
        )
    return assemble(rows, problems, ImageIndex(folder))


def _binary(path: Path) -> _Batch:
    count = _labels_in(path)
    data = np.frombuffer(read_bytes(path), np.uint8)
    if not len(data) or len(data) % (count + 3 * SIDE * SIDE):
        raise ValueError(
            f"{path.name} is no binary batch: {counted(len(data), 'byte')} make no whole number of images."
        )
    records = data.reshape(-1, count + 3 * SIDE * SIDE)
    names = ("coarse_labels", "fine_labels") if count == 2 else ("labels",)
    return _Batch(records[:, count:], {name: records[:, i].tolist() for i, name in enumerate(names)}, [])


def _unpickled(path: Path) -> dict[str, Any]:
    """The dictionary of a pickle. Raises ValueError for anything else."""
    try:
        with path.open("rb") as file:
            content = _PlainValues(file, encoding="bytes").load()
        if not isinstance(content, dict):
            raise ValueError(f"expected a dictionary, got {type(content).__name__}")
        return {_text(key): value.array() if isinstance(value, _Array) else value for key, value in content.items()}
    except FAULTS as error:
        raise ValueError(f"{path.name} is no pickle of CIFAR that can be read: {error}."[:300]) from error


def _pickled(path: Path) -> _Batch:
    content = _unpickled(path)
    pixels = content.get("data")
    labels = {name: list(content[name]) for name in NAME_LISTS if isinstance(content.get(name), list | np.ndarray)}
    kind = next((name for name in LABELS if name in labels), None)
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or kind is None:
        raise ValueError(f"{path.name} is no batch: expected 'data', a row of pixels an image, and 'labels'.")
    if any(len(values) != len(pixels) for values in labels.values()):
        raise ValueError(f"{path.name} has {counted(len(pixels), 'image')}, but labels for {len(labels[kind])}.")
    if pixels.dtype != np.uint8 and pixels.size and (pixels.min() < 0 or pixels.max() > 255):
        raise ValueError(f"{path.name} has pixels outside of 0 to 255.")
    filenames = content.get("filenames")
    return _Batch(pixels.astype(np.uint8), labels, filenames if isinstance(filenames, list) else [])


def _rows(batch: _Batch, path: Path, file: str, folder: Path, problems: Problems) -> list[Row]:
    side = math.isqrt(batch.pixels.shape[1] // 3)
    if not side or 3 * side * side != batch.pixels.shape[1]:
        raise ValueError(f"{file} has {batch.pixels.shape[1]} numbers an image. Expected three planes of a square.")
    kind = next(name for name in LABELS if name in batch.labels)
    names = {name: _names(path, listed) for name, listed in NAME_LISTS.items() if name in batch.labels}
    if not names[kind]:
        problems.noted(file, "", "no list names the classes; their numbers are their names.")
    images = batch.pixels.reshape(-1, 3, side, side).transpose(0, 2, 3, 1)
    group = file.removesuffix(".bin")
    rows = []
    for place, (image, number) in enumerate(zip(images, batch.labels[kind], strict=True)):
        label = _name_of(number, names[kind])
        if label is None:
            problems.left_out(file, place, f"the number {str(number)[:50]} has no name; its image is left out.")
            continue
        coarse = batch.labels.get("coarse_labels")
        attributes = {"coarse": _name_of(coarse[place], names["coarse_labels"])} if coarse else {}
        if place < len(batch.filenames):
            attributes["filename"] = _text(batch.filenames[place])
        rows.append(
            {
                "image": write_pixels(np.ascontiguousarray(image), folder, group, place),
                "label": label,
                "split": _split(path.name),
                "source": "cifar",
                "width": side,
                "height": side,
                "file": file,
                "line": place,
                "attributes": attributes_text(attributes),
            }
        )
    return rows


def _split(name: str) -> str:
    return "train" if name.startswith("data_batch") else split_from_path(name)


def _name_of(number: object, names: list[str | None]) -> str | None:
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        return None
    if not names:
        return str(number)
    return names[number] if 0 <= number < len(names) else None


def _names(path: Path, listed: str) -> list[str | None]:
    """The names of a kind of label, of the list that lies beside a batch; none if there is no list."""
    if path.suffix == ".bin":
        text = path.with_name(BINARY_LISTS.get(listed, f"{listed}.txt"))
        return [class_name(line.strip()) for line in read_text(text).splitlines() if line] if text.is_file() else []
    for meta in (path.with_name("batches.meta"), path.with_name("meta")):
        if meta.is_file():
            names = _unpickled(meta).get(listed)
            if isinstance(names, list):
                return [class_name(_text(name)) for name in names]
    return []
