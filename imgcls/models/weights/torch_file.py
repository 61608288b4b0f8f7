"""PyTorch state dicts, read without PyTorch and without running what a pickle may hold."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C  # first object of the file format that PyTorch wrote before version 1.6
PROTOCOL_VERSION = 1001
STORAGE_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


class _View:
    """A tensor of the pickle: where it lies in which storage. The numbers come later in the file."""

    def __init__(self, storage: "_Storage", offset: int, shape: tuple, strides: tuple, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        data = self.storage.data
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if self.offset < 0 or (np.prod(self.shape) and not 0 <= last < data.size) or min(self.strides, default=0) < 0:
            raise ValueError("a tensor reaches beyond its storage")
        strides = [stride * data.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides).copy()


class _Storage:
    def __init__(self, dtype: str, key: str, count: int):
        self.dtype, self.key, self.count = np.dtype(dtype), key, count
        self.data = np.empty(0, self.dtype)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can build ordered dictionaries and tensors, and nothing else."""

    def __init__(self, file: BinaryIO):
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _View
        if module == "torch" and name in STORAGE_DTYPES:
            return STORAGE_DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only arrays are read from it")

    def persistent_load(self, record):
        kind, dtype, key, _, count, view = record
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"it holds a {kind!r} record of an unknown form")
        return self.storages.setdefault(key, _Storage(dtype, key, count))


def read_torch_file(path: str | Path) -> dict[str, np.ndarray]:
    """Read a PyTorch state dict in the format from before PyTorch 1.6.

    The format: three pickles (magic number, protocol version, system), the pickled dictionary, the pickled list of
    storage keys, then for each key its count as int64 and its numbers, little-endian.

    Returns an array for each name, in the file's order. Raises ValueError for a file of another kind, a damaged file,
    and a pickle that asks for anything but arrays; FileNotFoundError if there is none.
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            if _ArraysOnly(file).load() != MAGIC_NUMBER:
                raise ValueError("its first number is not PyTorch's")
            if _ArraysOnly(file).load() != PROTOCOL_VERSION:
                raise ValueError("its protocol version is not 1001")
            _ArraysOnly(file).load()
            reader = _ArraysOnly(file)
            views = reader.load()
            for key in _ArraysOnly(file).load():
                _fill(reader.storages[key], file)
            return {name: view.array() for name, view in views.items() if isinstance(view, _View)}
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, IndexError, pickle.UnpicklingError) as error:
            raise ValueError(
                f"{path} is no PyTorch weight file that can be read ({error}). Expected a state dict written by "
                "torch.save; download the file again, or name another with --weights."
            ) from error


def _fill(storage: _Storage, file: BinaryIO) -> None:
    count = int.from_bytes(file.read(8), "little", signed=True)
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} numbers where {storage.count} were announced")
    raw = file.read(count * storage.dtype.itemsize)
    if len(raw) != count * storage.dtype.itemsize:
        raise ValueError("it ends too early")
    storage.data = np.frombuffer(raw, storage.dtype)
