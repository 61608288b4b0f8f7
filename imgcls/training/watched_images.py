"""The few images that a run looks at after each epoch, to keep what the network makes of them."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.data.batches.pipeline import evaluation_batches
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.files import replacing
from imgcls.training.training_data import TrainingData

IMAGES = 4
FILE = "images.npz"


@dataclass(frozen=True, eq=False)
class WatchedImages:
    """Some images of a run.

    Attributes:
        pixels: (B, H, W, C), float32 in [0, 255], as the network takes them.
        labels: The class name of each; several are joined by commas.
    """

    pixels: np.ndarray
    labels: list[str]

    def save(self, folder: Path) -> None:
        """Write them into a folder, whole or not at all."""
        with replacing(folder / FILE) as partial:
            pixels = np.round(self.pixels).astype(np.uint8)
            np.savez_compressed(partial, pixels=pixels, labels=np.array(self.labels, dtype=str))

    @classmethod
    def load(cls, folder: Path) -> "WatchedImages":
        """What `save` wrote. Raises OSError or ValueError if it is not there or damaged."""
        arrays = read_arrays(folder / FILE)
        return cls(arrays["pixels"].astype(np.float32), arrays["labels"].tolist())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except (zipfile.BadZipFile, EOFError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def choose_images(data: TrainingData, pixels: Preprocessing, seed: int) -> WatchedImages:
    """Images of different classes as far as there are some, from validation if the run has any.

    Args:
        data: The images of the run.
        pixels: How images become pixels.
        seed: Of the choice; the same one chooses the same images.

    Returns:
        At most `IMAGES` images; fewer if some cannot be read.
    """
    rows, labels = data.validation, data.validation_labels
    if not len(rows):
        rows, labels = data.training, data.labels
    places = _of_different_classes(labels, np.random.default_rng(seed))
    some = rows.iloc[places]
    batches = evaluation_batches(
        data.manifest.paths(some), pixels, boxes=data.manifest.boxes(some), batch_size=len(places)
    )
    read = [(numbers.numpy(), array.numpy()) for numbers, array in batches]
    numbers = np.concatenate([each for each, _ in read]) if read else np.zeros(0, np.int64)
    shape = (0, pixels.height, pixels.width, pixels.channels)
    names = [_name(labels[places[number]], data.class_names) for number in numbers]
    return WatchedImages(np.concatenate([each for _, each in read]) if read else np.zeros(shape, np.float32), names)


def _of_different_classes(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Places of examples in a random order, those first whose labels did not come before."""
    order = random.permutation(len(labels))
    _, first = np.unique(labels[order], axis=0, return_index=True)
    rest = np.setdiff1d(np.arange(len(order)), first)
    chosen: np.ndarray = order[np.concatenate([np.sort(first), rest])][:IMAGES]
    return chosen


def _name(label: np.ndarray, class_names: list[str]) -> str:
    if np.ndim(label) == 0:
        return class_names[int(label)]
    return ", ".join(name for name, there in zip(class_names, label, strict=True) if there)
