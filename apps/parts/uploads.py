"""Uploaded folders, written below the folder of manifests and nowhere else; only images and annotations are kept."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from imgcls.files import replacing
from imgcls.image_files import HEAD, SUFFIXES, suffix_of
from imgcls.labels import FORMATS

UPLOADS = Path("manifests/uploads")
UNREAD = (".jsonl",)  # kept, so that the user reads how to convert it


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


def save_files(files: Sequence[Upload]) -> tuple[Path, tuple[str, ...]]:
    """Write uploaded annotation files and images into one folder, as `save_folder` does.

    Returns:
        The annotation file if there is just one, else the folder; and the names of the files that were dropped.
    """
    folder, dropped = save_folder(files)
    kept = [file.name for file in files if file.name not in dropped]
    annotations = [name for name in kept if Path(name).suffix.lower() not in SUFFIXES]
    return (folder / annotations[0] if len(annotations) == 1 else folder), dropped


def save_folder(files: Sequence[Upload]) -> tuple[Path, tuple[str, ...]]:
    """Write an uploaded folder to manifests/uploads/<fingerprint>/<name>, whole or not at all.

    The same folder uploaded again is not written again. Where all files share their first folder and have others below
    it, that first one is the folder that was chosen, and is left out.

    Returns:
        The path, and the names of the files that are neither images nor annotations and were dropped.

    Raises:
        ValueError: There are no files to keep, or a file's path would lead out of the folder.
    """
    if not files:
        raise ValueError("Nothing was uploaded. Choose labelled images: a folder, or annotation files and images.")
    for file in files:
        _inside(file.name)
    dropped = tuple(file.name for file in files if not _is_kept(file))
    files = [file for file in files if _is_kept(file)]
    if not files:
        raise ValueError(f"None of the uploaded files is an image or an annotation file: {', '.join(dropped[:5])}.")
    paths = [_inside(file.name) for file in files]
    chosen = {path.parts[0] for path in paths}
    name = "upload"
    if len(chosen) == 1 and any(len(path.parts) > 2 for path in paths):
        name = chosen.pop()
        paths = [PurePosixPath(*path.parts[1:]) for path in paths]
    target = UPLOADS / _fingerprint(paths, files) / re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    if not target.is_dir():
        with replacing(target) as partial:
            for path, file in zip(paths, files, strict=True):
                place = partial / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.getvalue())
    return target, dropped


def _is_kept(file: Upload) -> bool:
    """Whether it is called as images or annotations are; one without a suffix, whether it begins as an image."""
    name = PurePosixPath(file.name).name.lower()
    suffix = PurePosixPath(name).suffix
    if suffix in SUFFIXES or is_annotation(name):
        return True
    return not suffix and bool(suffix_of(file.getvalue()[:HEAD]))


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or re.search(r"[\\:\0]", name):
        raise ValueError(f"The path {name!r} leads out of the folder that was uploaded. Nothing of it was saved.")
    return path


def _fingerprint(paths: Sequence[PurePosixPath], files: Sequence[Upload]) -> str:
    """Of all paths and contents, so that two different folders of the same name never mix."""
    digest = hashlib.sha256()
    for path, file in sorted(zip(paths, files, strict=True), key=lambda pair: pair[0]):
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256(file.getvalue()).digest())
    return digest.hexdigest()[:10]
