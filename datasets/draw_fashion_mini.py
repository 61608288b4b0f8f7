"""Draw datasets/fashion_mini from the published Fashion-MNIST files.

    apt-get install dataset-fashion-mnist
    python datasets/draw_fashion_mini.py

The draw is a pure function of the seed, so it can be repeated and checked. File names are the position in the
published file, counted from 0.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from PIL import Image

CLASS_NAMES = (  # in the order of the published labels 0 to 9; the slash and the space are not fit for folder names
    "tshirt_top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot",
)  # fmt: skip
SPLITS = {"train": ("train", 200), "test": ("t10k", 50)}  # folder: (prefix of the published file, images a class)


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped IDX file of unsigned bytes (format: http://yann.lecun.com/exdb/mnist/)."""
    with gzip.open(path) as file:
        _, dimensions = divmod(int.from_bytes(file.read(4), "big"), 256)
        shape = [int.from_bytes(file.read(4), "big") for _ in range(dimensions)]
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def draw(source: Path, target: Path, seed: int) -> int:
    written = 0
    for split, (prefix, count) in SPLITS.items():
        images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
        for index, class_name in enumerate(CLASS_NAMES):
            positions = np.flatnonzero(labels == index)
            folder = target / split / class_name
            folder.mkdir(parents=True, exist_ok=True)
            for position in sorted(np.random.default_rng([seed, index]).permutation(positions)[:count]):
                Image.fromarray(images[position]).save(folder / f"{position:05d}.png", optimize=True)
                written += 1
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--target", type=Path, default=Path(__file__).parent / "fashion_mini")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{draw(options.source, options.target, options.seed)} images written to {options.target}")
