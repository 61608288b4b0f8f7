"""The images in tar and zip archives, in the order in which they lie there; nothing is unpacked to the disk.

A name in an archive is only a name here: no file is written under it, so that one such as "../../etc/passwd" leads
nowhere. No member is read beyond a size, whatever its header says of it, so that no archive can fill the memory.
"""

import bz2
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from imgcls.image_files import HEAD, SUFFIXES, format_of, shown_name
from imgcls.serving.named_image import NamedImage

NAMES = re.compile(r".*\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
MOST_BYTES = 200_000_000  # of a member; a photo of 100 megapixels has 30 million as a JPEG
MOST_OF_A_HEADER = 1_000_000  # bytes of a name and of what else a tar says of a member
TOO_LARGE = f"larger than {MOST_BYTES // 1_000_000} MB, which no image in an archive may be"
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}  # by the first bytes
BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, OverflowError)
UNREADABLE = (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)  # of one
Wanted = Callable[[str], bool]


def is_archive(path: Path) -> bool:
    """Whether a file is called as an archive is.

    Example:
        >>> is_archive(Path("shards/train-0000.tar")), is_archive(Path("photo.jpg"))
        (True, False)
    """
    return NAMES.match(path.name) is not None


def images_in(archive: Path, wanted: Wanted) -> Iterator[NamedImage]:
    """The images of an archive; other members, such as the labels in a WebDataset shard, are left out.

    Args:
        archive: A tar, also compressed by gzip, bzip2 or xz, or a zip.
        wanted: Gets the name of an image, and says whether it is to be read.

    Yields:
        Each image with its content; one with a problem for what cannot be read, which for the archive itself has the
        archive's name.
    """
    members = _zip_members if _begins(archive).startswith(b"PK") else _tar_members
    count = 0
    try:
        for name, size, read in members(archive):
            shown = f"{shown_name(archive)}/{shown_name(name)}"
            if PurePosixPath(name).name.startswith("."):
                continue
            is_named = PurePosixPath(name).suffix.lower() in SUFFIXES
            head = b"" if is_named else _head(read)
            if not is_named and not format_of(head):
                continue
            count += 1
            if wanted(shown):
                most = min(size, MOST_BYTES) + 1 - len(head)  # a buffer of so many bytes is made, whatever comes
                yield _image(shown, size, partial(_rest, head, read, most))
    except BROKEN as error:
        if wanted(shown_name(archive)):
            yield NamedImage(shown_name(archive), None, _why_broken(archive, error, count))


def _rest(head: bytes, read: Callable[[int], bytes], most: int) -> bytes:
    return head + read(most)


def _image(name: str, size: int, read: Callable[[], bytes]) -> NamedImage:
    if size > MOST_BYTES:
        return NamedImage(name, None, TOO_LARGE)
    try:
        content = read()
    except UNREADABLE as error:
        return NamedImage(name, None, f"cannot be read from its archive: {str(error) or 'it is cut off'}")
    return NamedImage(name, None, TOO_LARGE) if len(content) > MOST_BYTES else NamedImage(name, content)


def _head(read: Callable[[int], bytes]) -> bytes:
    """The first bytes of what is not called as an image; none if they cannot be read, so that it counts as none."""
    try:
        return read(HEAD)
    except UNREADABLE:
        return b""


def _begins(archive: Path) -> bytes:
    try:
        with archive.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def _why_broken(archive: Path, error: Exception, count: int) -> str:
    if isinstance(error, OSError) and error.errno:
        return (error.strerror or str(error)).lower()
    if not count and isinstance(error, tarfile.ReadError) and not _begins(archive).startswith(tuple(COMPRESSED)):
        return "is neither a zip nor a tar file, or is cut off in its first bytes"
    return f"the archive is damaged or cut off after {count:,} images ({str(error) or 'it ends too early'})"


def _zip_members(archive: Path) -> Iterator[tuple[str, int, Callable[[int], bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            if info.is_dir() or stat.S_ISLNK(mode):
                continue
            with _Member(opened, info) as member:
                yield info.filename, info.file_size, member.read


class _Member:
    """A member of a zip, opened when it is first read."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "_Member":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def read(self, most: int) -> bytes:
        if self._file is None:
            self._file = self._archive.open(self._info)
        return self._file.read(most)


def _tar_members(archive: Path) -> Iterator[tuple[str, int, Callable[[int], bytes]]]:
    first = _begins(archive)
    unpacked: Any = next((each for start, each in COMPRESSED.items() if first.startswith(start)), open)
    with unpacked(archive, "rb") as file:
        stream = _Forward(file)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as opened:
            while (member := opened.next()) is not None:
                cast(Any, opened).members = []  # which it would keep, however many there are
                if member.isreg():
                    content = opened.extractfile(member)
                    stream.is_content = True
                    yield member.name, member.size, content.read if content else lambda most: b""
                    stream.is_content = False
        stream.check_end()


class _Forward:
    """A file that is read once from its beginning to its end, as a pipe is, and in no piece that fills the memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._place = file, 0
        self._header = b""  # the last that was read
        self.is_content = False  # whether what is read belongs to a member, whose reader has a limit of its own

    def read(self, size: int = -1) -> bytes:
        if not self.is_content and not 0 <= size <= MOST_OF_A_HEADER:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        data = self._file.read(size)
        self._place += len(data)
        if not self.is_content:
            self._header = data
        return data

    def readinto(self, buffer: bytearray) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def tell(self) -> int:
        return self._place

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        if whence or place < self._place:
            raise tarfile.ReadError("its members overlap")
        while place > self._place:
            skipped = len(self._file.read(min(1 << 20, place - self._place)))
            if not skipped:
                break
            self._place += skipped
        return self._place

    def check_end(self) -> None:
        """Raise EOFError unless a tar ends here: for tarfile, one that is cut off or damaged between two members does.

        The end is a header of zeros, behind which nothing but zeros may follow.
        """
        if len(self._header) < tarfile.BLOCKSIZE:
            raise EOFError("its end is missing")
        if any(self._header):
            raise EOFError("what follows is no header of a member")
        while rest := self._file.read(1 << 20):
            if rest.count(0) < len(rest):
                raise EOFError("more follows behind its end")
