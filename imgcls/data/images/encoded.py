"""Encoded images, in files of their own or in files of many images (shards), where the path goes on inside of the file.

photos.tfrecord/4012+61344          an encoded image of 61,344 bytes, from byte 4,012 on
photos.tfrecord/4029+256x341x3      pixels, uint8, from byte 4,029 on: height, width, channels (1 or 3)
photos.array_record/17              record number 17
Every other path is a file of its own.
"""

import mmap
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imgcls.counted import counted

TFRECORD, ARRAY_RECORD = ".tfrecord", ".array_record"
_ENCODED, _PIXELS = re.compile(r"(\d+)\+(\d+)"), re.compile(r"(\d+)\+(\d+)x(\d+)x(\d+)")


class PixelPlace(NamedTuple):
    """Pixels (height, width, channels), uint8, in `file` from byte `begin` on."""

    file: str
    begin: int
    height: int
    width: int
    channels: int

    def read(self) -> np.ndarray:
        """The pixels as a view of the file, of which only the parts that are used are read.

        Raises:
            OSError: The file is truncated.
        """
        shape = (self.height, self.width, self.channels)
        data = _mapped(self.file)
        end = self.begin + self.height * self.width * self.channels
        if len(data) < end:
            raise OSError(f"{self.file} is truncated: it ends before byte {end:,}")
        return np.ndarray(shape, np.uint8, data, self.begin)


def is_in_shard(path: str | Path) -> bool:
    """Whether a path leads into a file of many images.

    Example:
        >>> is_in_shard("photos.tfrecord/4012+61344"), is_in_shard("photos/cat.png")
        (True, False)
    """
    return Path(path).parent.suffix in (TFRECORD, ARRAY_RECORD)


def pixel_place(path: str | Path) -> PixelPlace | None:
    """The place of the pixels that a path leads to; None if it leads to an encoded image."""
    file, _, name = str(path).rpartition("/")
    found = _PIXELS.fullmatch(name) if file.endswith(TFRECORD) else None
    return PixelPlace(file, *map(int, found.groups())) if found else None


def file_of(path: str | Path) -> Path:
    """The file that an image is in, which may hold others too."""
    return Path(path).parent if is_in_shard(path) else Path(path)


def encoded_size(path: str | Path) -> int:
    """The size of an image in bytes; of one in an ArrayRecord file, the size of that file."""
    named = _ENCODED.fullmatch(Path(path).name) if is_in_shard(path) else None
    return int(named.group(2)) if named else file_of(path).stat().st_size


def read_encoded(path: str | Path) -> bytes:
    """The bytes of an image; of pixels, those of a PPM file.

    Raises:
        OSError: There is no such image, or its file is truncated.
    """
    path = Path(path)
    if not is_in_shard(path):
        return path.read_bytes()
    if path.parent.suffix == ARRAY_RECORD:
        return _array_record(str(path.parent))[int(path.name)]
    place = pixel_place(path)
    if place:
        return ppm(place.read())
    address = _ENCODED.fullmatch(path.name)
    if address is None:
        raise OSError(f"{path.name} is no address in a shard; expected the first byte and the length")
    begin, length = (int(number) for number in address.groups())
    data = _mapped(str(path.parent))[begin : begin + length]
    if len(data) != length:
        raise OSError(f"{path.parent} is truncated: it ends before byte {begin + length:,}")
    return data


def ppm(pixels: np.ndarray) -> bytes:
    """Pixels (H, W, 3) or (H, W, 1), uint8, as a binary PPM or PGM file (Netpbm's P6 and P5)."""
    return ppm_header(pixels.shape) + pixels.tobytes()


def ppm_header(shape: tuple[int, int, int]) -> bytes:
    """The header of a binary PPM or PGM file for pixels of this shape (height, width, channels)."""
    height, width, channels = shape
    return b"P%d\n%d %d\n255\n" % (6 if channels == 3 else 5, width, height)


@lru_cache(maxsize=1024)
def _mapped(file: str) -> mmap.mmap:
    with open(file, "rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


@lru_cache(maxsize=64)
def _array_record(file: str) -> "_ArrayRecord":
    return _ArrayRecord(file)


class _ArrayRecord:
    """The records of one file, by number."""

    def __init__(self, file: str) -> None:
        try:
            from array_record.python.array_record_module import ArrayRecordReader
        except ImportError as error:
            raise OSError(f"{file} needs the package array_record: pip install array_record") from error
        if not os.path.exists(file):
            raise FileNotFoundError(2, "no such file or directory", file)
        self._reader = ArrayRecordReader(file, options="readahead_buffer_size:0")

    def __getitem__(self, number: int) -> bytes:
        if number >= self._reader.num_records():
            raise OSError(f"it ends after {counted(self._reader.num_records(), 'record')}")
        record: bytes = self._reader.read([number])[0]
        return record
