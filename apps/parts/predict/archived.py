"""Images inside a zip file, taken out for the cards that are on the page, under names of our own."""

import zipfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from projects.answers import Answer

from imgcls.files import replacing
from imgcls.image_files import HEAD, suffix_of

MOST_BYTES = 50_000_000  # of an image that is shown


def with_files(answer: Answer, rows: Sequence[dict]) -> list[dict]:
    """The same rows; where the images lie in a zip file, `file` is that of a copy."""
    archive = Path(answer.pictures)
    if not answer.pictures or archive.suffix.lower() != ".zip" or not archive.is_file():
        return list(rows)
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(archive) as opened:
        return [{**row, "file": _copy(answer, opened, row["image"])} for row in rows]
    return [{**row, "file": ""} for row in rows]


def _copy(answer: Answer, archive: zipfile.ZipFile, name: str) -> str:
    """The file of a copy; empty if there is none."""
    stem = answer.folder / "shown" / sha256(name.encode()).hexdigest()[:24]
    there = next(stem.parent.glob(f"{stem.name}.*"), None)
    if there:
        return str(there)
    try:
        with archive.open(name) as member:
            content = member.read(MOST_BYTES + 1)
    except (KeyError, RuntimeError, OSError, zipfile.BadZipFile, NotImplementedError):
        return ""
    suffix = suffix_of(content[:HEAD])
    if not suffix or len(content) > MOST_BYTES:
        return ""
    stem.parent.mkdir(exist_ok=True)
    with replacing(stem.with_suffix(suffix)) as partial:
        partial.write_bytes(content)
    return str(stem.with_suffix(suffix))
