"""IDX files, as MNIST and Fashion-MNIST are published. http://yann.lecun.com/exdb/mnist/

A file of images and one of label numbers, gzipped or not. The pixels are written as PNG files, because every other part
of a data set is a file too.
"""

import gzip
import hashlib
import math
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from imgcls.counted import counted
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import name_in
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row
from imgcls.labels.unpacking import folder_for_images, write_pixels

FORMAT = Format(
    "idx",
    "IDX, as MNIST",
    "A file of pixels and one of label numbers.",
    file_names=r"idx[1-4]-ubyte(\.gz)?$",
    options=("class_names",),
    packed=True,
    order=170,
)

LARGEST = 2**32  # bytes of pixels
UNSIGNED_BYTES = 8  # the type code in the third byte
SPLITS = {"train": "train", "t10k": "test", "test": "test", "valid": "validation", "val": "validation"}
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
PUBLISHED = {  # SHA-256 of the numbers of a label file: their names, which the file itself does not hold
    "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7": FASHION,
    "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9": FASHION,
}


def detect(source: Path) -> bool:
    """Whether a file of images begins as the format says."""
    return any(_begins_well(path) for path in _image_files(source))


def _image_files(source: Path) -> list[Path]:
    if source.is_file():
        return [source] if "images" in source.name else []
    return sorted(path for path in source.glob("*images*idx[34]*") if path.is_file())


def _begins_well(path: Path) -> bool:
    try:
        with _opened(path) as file:
            head = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:3] == bytes([0, 0, UNSIGNED_BYTES]) and head[3] in (3, 4)


def read(source: Path, image_index: ImageIndex | None = None, class_names: Sequence[str] | None = None) -> Records:
    """Read pairs of files, and write their images below `image_index.extract`, which must be given.

    Args:
        source: A file of images, or a folder.
        image_index: Says where the images are written to.
        class_names: The names of the label numbers from 0. Fashion-MNIST's are known; otherwise the number is the name,
            which is reported.

    Raises:
        ValueError: A file is broken, or a number has no name.
    """
    source = Path(source)
    folder = folder_for_images(source, image_index)
    problems = Problems()
    rows = []
    for path in _image_files(source):
        rows.extend(_pair(path, name_in(path, source), folder, class_names, problems))
    if not rows:
        raise ValueError(f"There are no images in {source}. Expected IDX files such as train-images-idx3-ubyte.gz.")
    return assemble(rows, problems, ImageIndex(folder))


def _pair(path: Path, file: str, folder: Path, class_names: Sequence[str] | None, problems: Problems) -> list[Row]:
    labels_path = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1"))
    if not labels_path.is_file():
        raise ValueError(f"{file} has no labels beside it. Expected {labels_path.name}.")
    images, labels = _array(path, (3, 4)), _array(labels_path, (1,))
    if len(images) != len(labels):
        raise ValueError(
            f"{file} has {counted(len(images), 'image')}, but {labels_path.name} has {counted(len(labels), 'label')}."
        )
    if images.ndim == 4 and images.shape[3] != 3:
        raise ValueError(f"{file} has {images.shape[3]} channels. Expected gray or RGB images.")
    names = _names(labels, labels_path.name, class_names, problems)
    stem = re.split(r"[-._]?images", path.name)[0] or "images"
    rows = []
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        name = write_pixels(image, folder, stem, place)
        rows.append(
            {
                "image": name,
                "label": names[label],
                "split": SPLITS.get(stem, ""),
                "source": "idx",
                "width": images.shape[2],
                "height": images.shape[1],
                "file": file,
                "line": place,
            }
        )
    return rows


def _names(labels: np.ndarray, file: str, given: Sequence[str] | None, problems: Problems) -> Sequence[str]:
    """The name of each label number. Raises ValueError for a number without a name."""
    names = given or PUBLISHED.get(hashlib.sha256(labels.tobytes()).hexdigest())
    if names is None:
        problems.noted(file, "", "the file has numbers only; they are the names of the classes.")
        names = [str(number) for number in range(256)]
    if len(labels) and labels.max() >= len(names):
        raise ValueError(
            f"{file} has the number {labels.max()}, but the list of classes has {counted(len(names), 'name')}."
        )
    return names


def _array(path: Path, dimensions: tuple[int, ...]) -> np.ndarray:
    """Unsigned bytes in the file's shape, which its head states as big-endian integers."""
    try:
        with _opened(path) as file:
            head = file.read(4)
            count = head[3] if len(head) == 4 and head[:3] == bytes([0, 0, UNSIGNED_BYTES]) else 0
            sizes = file.read(4 * count)
            if count not in dimensions or len(sizes) != 4 * count:
                raise ValueError(f"{path.name} is no IDX file of bytes in {counted(dimensions[0], 'dimension')}.")
            shape = struct.unpack(f">{count}I", sizes)
            if math.prod(shape) > LARGEST or 0 in shape[1:]:
                raise ValueError(f"{path.name} states the shape {shape}, which is not that of a set of images.")
            data = file.read(math.prod(shape))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name} is no gzip file that can be read: {error}") from error
    if len(data) != math.prod(shape):
        raise ValueError(
            f"{path.name} ends early: expected {counted(math.prod(shape), 'byte')} of data, got {len(data)}."
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _opened(path: Path) -> "gzip.GzipFile | BinaryIO":
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
