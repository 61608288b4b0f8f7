"""Images of the sample, as batches with names."""

import numpy as np
from PIL import Image

from tests.conftest import SAMPLE


def sample_images(count: int) -> tuple[np.ndarray, list[str]]:
    """Some images of all classes, (B, 28, 28, 1), and their names."""
    paths = sorted((SAMPLE / "test").rglob("*.png"))
    chosen = [paths[place] for place in np.linspace(0, len(paths) - 1, count).astype(int)]
    pixels = np.stack([np.asarray(Image.open(path).convert("L"), np.float32)[..., None] for path in chosen])
    return pixels, [str(path.relative_to(SAMPLE)) for path in chosen]


def in_batches(pixels: np.ndarray, names: list[str], size: int) -> list[tuple[np.ndarray, list[str]]]:
    return [(pixels[start : start + size], names[start : start + size]) for start in range(0, len(pixels), size)]
