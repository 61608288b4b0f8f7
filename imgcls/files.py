"""Replaces files and folders in one step: a reader never sees half of one, even if a writer dies."""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from imgcls.living_process import is_alive

PARTIAL = re.compile(r"\.partial-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}")
LEFT_OVER = 86_400  # seconds without a change after which the partial file of another machine is nobody's any more
HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


@contextmanager
def replacing(path: str | Path, durable: bool = False) -> Iterator[Path]:
    """Write a file or folder beside its place, and put it there in one step at the end.

    A reader sees the old one or the new one, whole. Of several writers the last one wins. If anything is raised,
    nothing is replaced. What dead writers left in the folder is removed.

    Args:
        path: The place. A file takes the place of a file, a folder that of a folder.
        durable: Whether the content is on the disk, not only in the system's memory, before it takes the place.

    Yields:
        A temporary path to write to, with the suffix of `path`.

    Raises:
        OSError: It cannot be written; the error's file name is `path`.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     with replacing(f"{folder}/notes.txt") as partial:
        ...         _ = partial.write_text("whole")
        ...     Path(folder, "notes.txt").read_text()
        'whole'
    """
    path = Path(path)
    with unfinished(path) as partial:
        yield partial
        if durable:
            _sync(partial)
        _put(partial, path)
        if durable:
            _sync_one(path.parent)


@contextmanager
def unfinished(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and remove at the end what is still there.

    Whoever writes there renames it when it is whole. What dead writers left in the folder is removed.

    Raises OSError, with `path` as its file name, if it cannot be written.
    """
    path = Path(path)
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path.parent)
    partial = _partial(path)
    try:
        with _named(path, partial):
            yield partial
    finally:
        with suppress(OSError):
            remove(partial)


def write_json(path: str | Path, values: object, durable: bool = False) -> None:
    """Write JSON in UTF-8, whole or not at all.

    Args:
        path: The file.
        values: What `json` can write.
        durable: As in `replacing`.

    Raises:
        OSError: The file cannot be written.
    """
    with replacing(path, durable) as partial:
        partial.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """What stands in a JSON file; empty if there is none, or if it is damaged or holds something else."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def check_writable(path: str | Path, folder: bool = False) -> None:
    """Check, before the work whose result is to lie there, that something can be written at a path.

    Args:
        path: A file or folder, which may not exist yet.
        folder: Whether it will be a folder; then a folder may be there already.

    Raises:
        OSError: Nothing can be written; the error's file name is the path that is in the way.
    """
    path = Path(path)
    ancestors = [path, *path.parents]
    there = next(place for place in ancestors if os.path.lexists(_fitting(place)))
    if there == path and path.is_dir() and not folder:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not there.is_dir() and (there != path or folder):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    place = there if there.is_dir() else there.parent
    with _named(path, place), tempfile.TemporaryFile(dir=place) as file:
        file.write(b"\0")  # a disk without room gives a name and no byte


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; a link is removed, and not what it leads to.

    Raises:
        OSError: It cannot be removed. A path at which there is nothing is no error.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fitting(path: Path) -> Path:
    """The same path, if the system takes names of its length."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        path.lstat()
    longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    if longest > 255:  # bytes, of NAME_MAX: the system looks no further than the first part that is not there
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
    return path


@contextmanager
def _named(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Give errors of the system the name that the user knows, where they have none or that of the partial file."""
    try:
        yield
    except OSError as error:
        if error.errno and (error.filename is None or str(error.filename).startswith(str(partial))):
            error.filename, error.filename2 = str(path), None
        raise


def _partial(path: Path) -> Path:
    """A path beside it that no other writer has; the suffix stays, because writers choose the format by it."""
    return path.with_name(f".partial-{_machine()}-{os.getpid()}-{os.urandom(4).hex()}{path.suffix}")


@cache
def _machine() -> str:
    """Which processes' numbers mean the same: those of one machine, and of one container in it."""
    container = ""
    with suppress(OSError):
        container = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(f"{os.uname().nodename} {container}".encode()).hexdigest()[:8]


def _remove_left_over(folder: Path) -> None:
    """Remove the partial files and folders of writers that are dead."""
    for path in folder.glob(".partial-*"):
        found = PARTIAL.match(path.name)
        with suppress(OSError):  # another writer may be at it
            if found and _is_dead(found["machine"], int(found["pid"]), path):
                remove(path)


def _is_dead(machine: str, pid: int, path: Path) -> bool:
    if machine != _machine():
        return time.time() - path.lstat().st_mtime > LEFT_OVER
    return not is_alive(pid)


def _put(partial: Path, path: Path) -> None:
    """Rename; a folder changes places with the one that is there, because the system renames none over a full one."""
    while True:
        try:
            partial.replace(path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        if _exchanged(partial, path):
            return
        with suppress(FileNotFoundError):  # another writer took it away
            aside = path.rename(_partial(path))
            remove(aside)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where the system or the disk's format cannot."""
    import ctypes

    try:
        exchange = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    return int(exchange(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE)) == 0


def _sync(path: Path) -> None:
    """Wait until a file, or a folder with all that is in it, is on the disk."""
    for part in [*path.rglob("*"), path]:
        _sync_one(part)


def _sync_one(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
