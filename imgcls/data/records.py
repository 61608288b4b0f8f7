"""Images that lie in a file of many: a path that goes on inside of the file.

photos.tfrecord/4012+61344        61,344 bytes from byte 4,012 on
photos.array_record/17            record number 17; needs the package array_record
Everything else is a file of its own.
"""

import mmap
import os
import re
from functools import lru_cache
from pathlib import Path

TFRECORD, ARRAY_RECORD = ".tfrecord", ".array_record"
_PLACE = re.compile(r"(\d+)\+(\d+)")


def is_record(path: str | Path) -> bool:
    """Whether a path leads into a file of many images."""
    return Path(path).parent.suffix in (TFRECORD, ARRAY_RECORD)


def file_of(path: str | Path) -> Path:
    """The file that an image lies in, which may hold others too."""
    return Path(path).parent if is_record(path) else Path(path)


def encoded_size(path: str | Path) -> int:
    """How many bytes an image takes, at most: a record of a place that names no length counts as its whole file."""
    named = _PLACE.fullmatch(Path(path).name) if is_record(path) else None
    return int(named.group(2)) if named else file_of(path).stat().st_size


def read_encoded(path: str | Path) -> bytes:
    """The bytes of an image. Raises OSError if there are none, or fewer than the path says."""
    path = Path(path)
    if not is_record(path):
        return path.read_bytes()
    if path.parent.suffix == ARRAY_RECORD:
        return _array_record(str(path.parent))[int(path.name)]
    begin, length = (int(number) for number in _PLACE.fullmatch(path.name).groups())
    data = _mapped(str(path.parent))[begin : begin + length]
    if len(data) != length:
        raise OSError(f"{path.parent} is truncated: it ends before byte {begin + length:,}")
    return data


@lru_cache(maxsize=1024)
def _mapped(file: str) -> mmap.mmap:
    with open(file, "rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


@lru_cache(maxsize=64)
def _array_record(file: str) -> "_ArrayRecord":
    return _ArrayRecord(file)


class _ArrayRecord:
    """The records of one file, by number."""

    def __init__(self, file: str):
        try:
            from array_record.python.array_record_module import ArrayRecordReader
        except ImportError as error:
            raise OSError(f"{file} needs the package array_record: pip install array_record") from error
        if not os.path.exists(file):
            raise FileNotFoundError(2, "no such file or directory", file)
        self._reader = ArrayRecordReader(file, options="readahead_buffer_size:0")

    def __getitem__(self, number: int) -> bytes:
        if number >= self._reader.num_records():
            raise OSError(f"there are {self._reader.num_records():,} records only")
        return self._reader.read([number])[0]
