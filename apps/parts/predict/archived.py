"""Images inside an archive, taken out for the cards that are on the page, under names of our own."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from projects.answers import Answer

from imgcls.files import replacing
from imgcls.image_files import HEAD, suffix_of
from imgcls.workflow.many_images.archives import images_in

MOST_BYTES = 50_000_000  # of an image that is shown


def with_files(answer: Answer, rows: Sequence[dict]) -> list[dict]:
    """The same rows; where the images lie in an archive, `file` is that of a copy, or empty if there is none."""
    archive = Path(answer.pictures)
    if not answer.pictures or archive.is_dir():
        return list(rows)
    names = {row["file"] for row in rows if not row["problem"]}
    copies = {name: copy for name in names if (copy := _copy(answer, name))}
    missing = names - set(copies)
    for image in images_in(archive, missing.__contains__) if missing else ():
        missing.discard(image.name)
        if isinstance(image.image, bytes) and (copy := _keep(answer, image.name, image.image)):
            copies[image.name] = copy
        if not missing:
            break
    return [{**row, "file": copies.get(row["file"], "")} for row in rows]


def _stem(answer: Answer, name: str) -> Path:
    return answer.folder / "shown" / sha256(name.encode()).hexdigest()[:24]


def _copy(answer: Answer, name: str) -> str:
    """The file of a copy that was made before; empty if there is none."""
    stem = _stem(answer, name)
    return str(next(stem.parent.glob(f"{stem.name}.*"), ""))


def _keep(answer: Answer, name: str, content: bytes) -> str:
    """The file of a copy that is made now; empty if this is none to show."""
    suffix = suffix_of(content[:HEAD])
    if not suffix or len(content) > MOST_BYTES:
        return ""
    file = _stem(answer, name).with_suffix(suffix)
    with replacing(file) as partial:
        partial.write_bytes(content)
    return str(file)
