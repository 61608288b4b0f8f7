"""A predictor that says how bright an image is, and images to ask it."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.serving.predictor import Predictor


class Brightness(Engine):
    name, device, outputs, batch_size = "Brightness", "CPU", (PROBABILITIES,), 16

    def predict(self, pixels):
        bright = pixels.mean((1, 2, 3)) / 255
        return {PROBABILITIES: np.stack([bright, 1 - bright], 1).astype(np.float32)}


def brightness() -> Predictor:
    return Predictor(Brightness(), ["bright", "dark"], Preprocessing(8, 8, 1))


def gray(level: int) -> bytes:
    data = io.BytesIO()
    Image.new("L", (8, 8), level).save(data, "PNG")
    return data.getvalue()


def write_grays(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Half of them dark, half bright, in two folders."""
    paths = []
    for number in range(first, first + count):
        path = folder / f"{number % 2}" / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gray(20 + 200 * (number % 2)))
        paths.append(path)
    return paths
