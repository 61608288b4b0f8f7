"""Small images as files that are made once, however often they are looked at."""

import hashlib
from pathlib import Path

from PIL import Image

from imgcls.data.images.encoded import file_of, read_encoded
from imgcls.evaluation.pages.thumbnails import small_image
from imgcls.files import replacing
from imgcls.image_files import Refused

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the upright image
SIDES = (96, 192, 384, 1024)  # pixels; one of these is made, so that few are
QUALITY = 80  # of WebP
KIND = "image/webp"


def small_file(path: Path, folder: Path, box: Box | None = None, side: int = SIDES[1]) -> Path | None:
    """The file of a small image, made if there is none yet.

    Args:
        path: The image, as a manifest names it.
        folder: Where small images are kept.
        box: The part of it that is shown; None for all of it.
        side: Longest side in pixels; the next of `SIDES` is taken.

    Returns:
        A WebP file; None if the image cannot be read.
    """
    side = next((each for each in SIDES if each >= side), SIDES[-1])
    try:
        facts = file_of(path).stat()
        key = hashlib.sha1(f"{path}\0{facts.st_mtime_ns}\0{facts.st_size}\0{box}\0{side}".encode()).hexdigest()
        target = folder / key[:2] / f"{key}.webp"
        if not target.is_file():
            _make(target, small_image(read_encoded(path), box, side), side)
    except (OSError, Refused):
        return None
    return target


def _make(target: Path, image: Image.Image, side: int) -> None:
    image.thumbnail((side, side))
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as partial, partial.open("wb") as file:
        image.save(file, "WEBP", quality=QUALITY, method=2)
