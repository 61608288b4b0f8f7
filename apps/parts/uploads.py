"""Uploaded files, written into the folder that a project keeps them in; only images and annotations are kept."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

from imgcls.counted import counted
from imgcls.files import replacing
from imgcls.image_files import HEAD, SUFFIXES, suffix_of
from imgcls.labels import FORMATS, detect_format

UNREAD = (".jsonl",)  # kept, so that the user reads how to convert it
TEXTS = (".txt",)  # often lie beside images and say nothing of them
ZIP = ".zip"
MOST_UNPACKED = 20_000_000_000  # bytes of all files of an archive
MOST_FILES = 1_000_000  # of an archive
NOISE = re.compile(r"(^|/)(__MACOSX/|\.[^./]|Thumbs\.db$|desktop\.ini$)")  # that file managers leave in archives


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        path: The only annotation file, else the folder.
        title: What the folder, archive or file was called.
        dropped: Names of the files that are neither images nor annotations.
    """

    path: Path
    title: str
    dropped: tuple[str, ...]


def annotation_suffixes() -> tuple[str, ...]:
    """The endings of annotation files, of all formats that are read."""
    return (*(suffix for row in FORMATS.values() for suffix in row.suffixes), *UNREAD)


def is_annotation(name: str) -> bool:
    """Whether a file is called as the annotation files of a format that is read, such as "labels.csv"."""
    patterns = [row.file_names for row in FORMATS.values() if row.file_names]
    suffix = PurePosixPath(name).suffix
    return suffix in annotation_suffixes() or any(re.search(pattern, name) for pattern in patterns)


class Upload(Protocol):
    """An uploaded file.

    Attributes:
        name: Path of the file in the folder that was chosen, with forward slashes.
    """

    name: str

    def getvalue(self) -> bytes:
        """Its content."""


@dataclass(frozen=True)
class Packed:
    """A file in an archive, which is read when it is asked for."""

    archive: zipfile.ZipFile
    name: str

    def getvalue(self) -> bytes:
        """Its content."""
        return self.archive.read(self.name)


def save_uploads(files: Sequence[Upload], folder: Path) -> Saved:
    """Write uploaded files below a folder, whole or not at all; archives are unpacked.

    The same files uploaded again are not written again. Where all files share their first folder and have others below
    it, that first one is the folder that was chosen, and is left out.

    Args:
        files: With paths for names, where a folder was chosen.
        folder: Where the project keeps its uploads; a folder in it is made, called by a fingerprint of the content.

    Raises:
        ValueError: There are no files to keep, an archive cannot be read, or a file's path would lead out.
    """
    if not files:
        raise ValueError(
            "Nothing was dropped yet, or its upload has not ended. Choose images, a folder of them, or a ZIP file."
        )
    title = _title(files)
    files = [inner for file in files for inner in _unpacked(file)]
    for file in files:
        inside(file.name)
    fit = [_is_kept(file) for file in files]
    kept = [file for file, is_kept in zip(files, fit, strict=True) if is_kept]
    dropped = tuple(file.name for file, is_kept in zip(files, fit, strict=True) if not is_kept)
    if not kept:
        raise ValueError(f"None of the uploaded files is an image or an annotation file: {', '.join(dropped[:5])}.")
    paths = _without_chosen_folder([inside(file.name) for file in kept])
    target = folder / _fingerprint(paths, kept) / (re.sub(r"[^A-Za-z0-9_-]+", "_", title).strip("_") or "upload")
    if not target.is_dir():
        _write(target, paths, kept)
    return Saved(_source(target, paths), title, dropped)


def _title(files: Sequence[Upload]) -> str:
    """The folder that was chosen, or the archive; else how many files there are."""
    first = {PurePosixPath(file.name).parts[:1] for file in files if "/" in file.name}
    if len(first) == 1 and all("/" in file.name for file in files):
        return next(iter(first))[0]
    return PurePosixPath(files[0].name).stem if len(files) == 1 else counted(len(files), "file")


def _unpacked(file: Upload) -> Iterator[Upload]:
    """The file itself, or what is in it if it is an archive."""
    if not file.name.lower().endswith(ZIP):
        yield file
        return
    try:
        archive = zipfile.ZipFile(file)  # a Streamlit upload is a file
        members = [each for each in archive.infolist() if not each.is_dir() and not NOISE.search(each.filename)]
    except (zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise ValueError(f"{file.name} is no ZIP file that can be read ({error}). Pack it again.") from error
    size = sum(each.file_size for each in members)
    if size > MOST_UNPACKED or len(members) > MOST_FILES:
        raise ValueError(
            f"{file.name} holds {counted(len(members), 'file')} of {size / 1e9:,.1f} GB together; an archive may have "
            f"{MOST_FILES:,} of {MOST_UNPACKED / 1e9:,.0f} GB. Unpack it on the server, and name the folder."
        )
    if any(each.flag_bits & 1 for each in members):
        raise ValueError(f"{file.name} is locked with a password. Pack it again without one.")
    yield from (Packed(archive, each.filename) for each in members)


def _without_chosen_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    chosen = {path.parts[0] for path in paths}
    if len(chosen) == 1 and any(len(path.parts) > 2 for path in paths):
        return [PurePosixPath(*path.parts[1:]) for path in paths]
    return paths


def _source(folder: Path, paths: Sequence[PurePosixPath]) -> Path:
    """The only annotation file; else the folder, which is read without a file of no format, such as README.txt.

    A table or document of no format beside images that lie in no folders of classes is meant to say what they show: it
    stays the source, and the import says why it cannot be read.
    """
    others = [path for path in paths if path.suffix.lower() not in SUFFIXES]
    if len(others) != 1:
        return folder
    file, images = folder / others[0], [path for path in paths if path not in others]
    is_text = file.suffix.lower() in ("", *TEXTS)
    folder_says_it = any(len(path.parts) > 1 for path in images) or (is_text and images)
    return folder if folder_says_it and not _is_of_a_format(file) else file


def _is_of_a_format(file: Path) -> bool:
    try:
        detect_format(file)
    except ValueError:
        return False
    return True


def _write(target: Path, paths: Sequence[PurePosixPath], files: Sequence[Upload]) -> None:
    with replacing(target) as partial:
        for path, file in zip(paths, files, strict=True):
            place = partial / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.getvalue())


def _is_kept(file: Upload) -> bool:
    """Whether it is called as images or annotations are; one without a suffix, whether it begins as an image."""
    name = PurePosixPath(file.name).name.lower()
    suffix = PurePosixPath(name).suffix
    if suffix in SUFFIXES or is_annotation(name):
        return True
    return not suffix and bool(suffix_of(file.getvalue()[:HEAD]))


def inside(name: str) -> PurePosixPath:
    """The path of an uploaded file in the folder that was chosen; Windows' separators are separators too.

    Raises:
        ValueError: It would lead out of that folder.
    """
    given = PureWindowsPath(name)
    path = PurePosixPath(given.as_posix())
    if given.root or ".." in path.parts or not path.parts or "\0" in name:
        raise ValueError(f"The path {name!r} leads out of the folder that was uploaded. Nothing of it was saved.")
    return path


def _fingerprint(paths: Sequence[PurePosixPath], files: Sequence[Upload]) -> str:
    """Of all paths and contents, so that two different folders of the same name never mix."""
    digest = hashlib.sha256()
    for path, file in sorted(zip(paths, files, strict=True), key=lambda pair: pair[0]):
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256(file.getvalue()).digest())
    return digest.hexdigest()[:10]
