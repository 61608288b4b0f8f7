"""Writes the images of formats that hold pixels or encoded images inside larger files."""

from pathlib import Path

import numpy as np
import PIL.Image

from imgcls.labels.image_index import ImageIndex


def folder_for_images(source: Path, image_index: ImageIndex | None) -> Path:
    """The folder that the images inside a file are written to.

    Raises:
        ValueError: None was named.
    """
    if image_index is None or image_index.extract is None:
        raise ValueError(f"{source} holds pixels, not images. Name a folder that they are to be written to (extract).")
    return image_index.extract


def write_pixels(image: np.ndarray, folder: Path, group: str, place: int) -> str:
    """Write pixels as a PNG file.

    Args:
        image: (H, W) or (H, W, 3), uint8.
        folder: The folder of all images.
        group: Folder below it.
        place: Number of the image in its group, from 0.

    Returns:
        The path below `folder`.
    """
    name = f"{group}/{place:05d}.png"
    (folder / group).mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(image).save(folder / name)
    return name
