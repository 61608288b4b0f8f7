"""PyTorch state dicts, read without PyTorch and without running what a pickle may hold."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from imgcls.models.weights.safetensors_file import bfloat16_to_float32

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C  # first object of the file format that PyTorch wrote before version 1.6
PROTOCOL_VERSION = 1001
STORAGE_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",  # the upper halves of float32
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
FAULTS = (  # what a damaged file makes the readers below raise
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)
NESTED = ("state_dict", "model", "model_state_dict")  # where training scripts put the state dict


class _UnreadableError(ValueError):
    """What is wrong with the file, in words."""


class _View:
    """A tensor of the pickle: where it lies in which storage. The numbers come later in the file."""

    def __init__(
        self, storage: "_Storage", offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        data = self.storage.data
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if self.offset < 0 or (np.prod(self.shape) and not 0 <= last < data.size) or min(self.strides, default=0) < 0:
            raise _UnreadableError("a tensor reaches beyond its storage")
        strides = [stride * data.itemsize for stride in self.strides]
        array = np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides).copy()
        return bfloat16_to_float32(array) if self.storage.kind == "BFloat16Storage" else array


class _Storage:
    def __init__(self, kind: str, key: str, count: int) -> None:
        self.kind, self.key, self.count = kind, key, count
        self.dtype = np.dtype(STORAGE_DTYPES[kind])
        self.data = np.empty(0, self.dtype)

    def fill(self, raw: bytes) -> None:
        if len(raw) != self.count * self.dtype.itemsize:
            raise _UnreadableError("it ends too early")
        self.data = np.frombuffer(raw, self.dtype)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can build dictionaries, tensors and plain values, and nothing else."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _View
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda view, *_: view
        if module == "torch" and name in STORAGE_DTYPES:
            return name
        raise _UnreadableError(f"it asks for {module}.{name}, and only arrays are read from it")

    def persistent_load(self, record: tuple[Any, ...]) -> _Storage:
        kind, storage_kind, key, _, count, *view = record
        if kind != "storage" or any(part is not None for part in view):
            raise _UnreadableError(f"it holds a {kind!r} record of an unknown form")
        return self.storages.setdefault(key, _Storage(storage_kind, key, count))


def read_torch_file(path: str | Path) -> dict[str, np.ndarray]:
    """Read a PyTorch state dict, as torch.save wrote it before version 1.6 and as it does since.

    A state dict within a checkpoint is found under its usual names. bfloat16 becomes float32.

    Returns:
        An array for each name, in the file's order.

    Raises:
        ValueError: For a file of another kind, a damaged file, and a pickle that asks for anything but arrays.
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            read = _read_zip if zipfile.is_zipfile(file) else _read_old
            file.seek(0)
            values = read(file)
        for name in NESTED:
            if isinstance(values, Mapping) and isinstance(values.get(name), Mapping):
                values = values[name]
        return {name: view.array() for name, view in values.items() if isinstance(view, _View)}
    except FAULTS as error:
        cut_off = "it is cut off, or of another kind" if path.stat().st_size else "it is empty"
        reason = error if isinstance(error, _UnreadableError) else cut_off
        raise ValueError(
            f"{path} is no PyTorch weight file that can be read ({reason}). Expected a state dict written by "
            "torch.save; download the file again, or name another with --weights."
        ) from error


def _read_old(file: BinaryIO) -> Any:
    """Three pickles (magic number, protocol version, system), the dictionary, the storage keys; then for each key its
    count as int64 and its numbers, little-endian."""
    if _ArraysOnly(file).load() != MAGIC_NUMBER:
        raise _UnreadableError("its first number is not PyTorch's")
    if _ArraysOnly(file).load() != PROTOCOL_VERSION:
        raise _UnreadableError("its protocol version is not 1001")
    _ArraysOnly(file).load()
    reader = _ArraysOnly(file)
    values = reader.load()
    for key in _ArraysOnly(file).load():
        storage = reader.storages[key]
        count = int.from_bytes(file.read(8), "little", signed=True)
        if count != storage.count:
            raise _UnreadableError(f"storage {key} has {count} numbers where {storage.count} were announced")
        storage.fill(file.read(count * storage.dtype.itemsize))
    return values


def _read_zip(file: BinaryIO) -> Any:
    """An uncompressed zip with the dictionary as <folder>/data.pkl and each storage as <folder>/data/<key>."""
    with zipfile.ZipFile(file) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise _UnreadableError("the archive has no data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
            raise _UnreadableError("its numbers are big-endian")
        with archive.open(pickles[0]) as data:
            reader = _ArraysOnly(data)
            values = reader.load()
        for key, storage in reader.storages.items():
            storage.fill(archive.read(f"{folder}data/{key}"))
        return values
