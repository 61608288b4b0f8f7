"""Photos of textures with items of Fashion-MNIST planted at known boxes, described by a COCO file."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import skimage.data

from tests.conftest import SAMPLE

TEXTURES = ("brick", "grass", "gravel", "camera", "coins", "moon")
BLANK = 20  # brightness of an item up to which the texture shows through


def write_canvases(folder: Path, classes: tuple[str, ...], count: int, width: int = 120, height: int = 90) -> Path:
    """Write `count` images, each with an item of one class, or of two; returns the COCO file beside them."""
    generator = np.random.default_rng(0)
    content = {"images": [], "annotations": [], "categories": []}
    content["categories"] = [{"id": number, "name": name} for number, name in enumerate(classes, start=1)]
    items = {name: sorted((SAMPLE / "train" / name).iterdir()) for name in classes}
    (folder / "images").mkdir(parents=True)
    for number in range(count):
        canvas, taken = _texture(generator, width, height), []
        for turn in range(1 + (number % 3 == 0)):
            place = (number + turn) % len(classes)
            side = int(generator.integers(height // 3, height // 2))
            left = int(
                generator.integers(0, width // 2 - side) if turn else generator.integers(width // 2, width - side)
            )
            top = int(generator.integers(0, height - side))
            _plant(canvas, items[classes[place]][number % len(items[classes[place]])], left, top, side)
            taken.append((place + 1, [left, top, side, side]))
        name = f"{number:03d}.png"
        PIL.Image.fromarray(canvas).save(folder / "images" / name)
        content["images"].append({"id": number + 1, "file_name": name, "width": width, "height": height})
        for category, box in taken:
            content["annotations"].append(
                {"id": len(content["annotations"]) + 1, "image_id": number + 1, "category_id": category, "bbox": box,
                 "area": box[2] * box[3], "iscrowd": 0, "segmentation": []}
            )  # fmt: skip
    file = folder / "instances.json"
    file.write_text(json.dumps(content))
    return file


def _texture(generator: np.random.Generator, width: int, height: int) -> np.ndarray:
    photo = getattr(skimage.data, str(generator.choice(TEXTURES)))()
    top, left = generator.integers(0, photo.shape[0] - height), generator.integers(0, photo.shape[1] - width)
    return photo[top : top + height, left : left + width].copy()


def _plant(canvas: np.ndarray, item: Path, left: int, top: int, side: int) -> None:
    with PIL.Image.open(item) as image:
        pixels = np.asarray(image.convert("L").resize((side, side)))
    part = canvas[top : top + side, left : left + side]
    part[pixels > BLANK] = pixels[pixels > BLANK]
