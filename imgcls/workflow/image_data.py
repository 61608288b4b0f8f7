"""Images that Python holds, such as arrays and tables, as a manifest on disk that a run can be made of."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL.Image
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.manifest.table import COLUMNS, Manifest
from imgcls.files import replacing
from imgcls.labels.records import BOX

FOLDER = ".data"  # in the folder of runs


def source_of_images(images: Any, labels: Any, runs: str | Path) -> str:
    """What a run's `data` is for these images.

    Args:
        images: A folder, manifest, card or TFDS name as text; a `Manifest`; a table with the columns image and label,
            or labels with a list of classes (and, if wanted, split and group); paths; an array (N, H, W) or
            (N, H, W, C) with C of 1 or 3, uint8 in [0, 255], or floating-point in [0, 255] or [0, 1]; or a
            `tf.data.Dataset` of (image, label).
        labels: (N,) class of each path or array; of several labels an image, an indicator matrix (N, classes) of 0 and
            1, or N lists, tuples or sets of classes. None for the others, which have their own.
        runs: Folder of runs. Arrays and tables are kept under it, by their content: the same images once.

    Returns:
        The text itself, or the path of a manifest.

    Raises:
        ValueError: If the images and labels do not fit together.
        TypeError: For anything else.
    """
    folder = Path(runs) / FOLDER
    if isinstance(images, str | os.PathLike):
        if labels is not None:
            raise ValueError(f"{images} is one source with labels of its own; leave out y, or give a list of paths.")
        return os.fspath(images)
    if isinstance(images, Manifest):
        return _saved(images, folder)
    if isinstance(images, pd.DataFrame) and labels is None:
        return _saved(_of_table(images), folder)
    if isinstance(images, tf.data.Dataset):
        return _written(_examples(images), folder)
    if labels is None:
        raise ValueError("Images without labels were given. Expected fit(images, labels), or a source that has labels.")
    names = _label_lists(labels) if is_multi_label(labels) else [[name] for name in _names(labels)]
    if is_paths(images):
        paths = [str(path) for path in images]
        _check_count(len(paths), len(names))
        return _saved(_of_table(pd.DataFrame({"image": paths, "labels": names})), folder)
    pixels = to_pixels(images)
    _check_count(len(pixels), len(names))
    return _written(zip(pixels, names, strict=True), folder)


def is_multi_label(labels: Any) -> bool:
    """Whether these are several labels an image: an indicator matrix, or lists, tuples or sets of classes."""
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        return labels.ndim == 2
    return len(labels) > 0 and all(isinstance(each, list | tuple | set | frozenset | np.ndarray) for each in labels)


def label_values(labels: Any) -> list[list[Any]]:
    """The classes of each image of several labels an image; those of an indicator matrix are its column numbers.

    Args:
        labels: As `is_multi_label` takes it.

    Raises:
        ValueError: An indicator matrix has something else than 0 and 1.

    Example:
        >>> label_values(np.array([[1, 0, 1], [0, 0, 0]]))
        [[0, 2], []]
        >>> label_values([("cat",), {"dog", "cat"}])
        [['cat'], ['cat', 'dog']]
    """
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        if not np.isin(labels, (0, 1)).all():
            raise ValueError(
                f"The labels are an array of shape {labels.shape} with other numbers than 0 and 1. Expected an "
                "indicator matrix (N, classes), or one label for each image, (N,)."
            )
        return [np.flatnonzero(row).tolist() for row in labels]
    return [sorted({each.item() if isinstance(each, np.generic) else each for each in row}) for row in labels]


def _label_lists(labels: Any) -> list[list[str]]:
    return [sorted(map(str, row)) for row in label_values(labels)]


def is_paths(images: Any) -> bool:
    """Whether these are paths of image files and no pixels."""
    return len(images) > 0 and all(isinstance(each, str | os.PathLike) for each in images)


def to_pixels(images: Any) -> np.ndarray:
    """Images as uint8 (N, H, W, C), C of 1 or 3.

    Raises:
        ValueError: If the array has another shape or values that no image has.
    """
    array = np.asarray(images)
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or not len(array) or array.dtype.kind not in "uif":
        given = np.asarray(images)
        raise ValueError(
            f"The images are an array of shape {given.shape} and type {given.dtype}; expected (N, height, width) or "
            "(N, height, width, 1 or 3), in [0, 255] or in [0, 1]."
        )
    least, most = float(array.min()), float(array.max())
    if not (least >= 0 and most <= 255):
        raise ValueError(f"The images have values from {least:.3g} to {most:.3g}; expected [0, 255] or [0, 1].")
    if array.dtype.kind == "f":
        array = np.rint(array * (255 if most <= 1 else 1))
    return array.astype(np.uint8)


def _names(labels: Any) -> list[str]:
    names = [str(label) for label in np.asarray(labels).ravel()]
    if np.ndim(labels) != 1:
        raise ValueError(f"The labels have {np.ndim(labels)} dimensions; expected one label for each image, (N,).")
    if "" in names:
        raise ValueError(f"Label number {names.index('')} is empty; expected the name or number of a class.")
    return names


def _check_count(images: int, labels: int) -> None:
    if images != labels:
        raise ValueError(f"Got {counted(images, 'image')} and {counted(labels, 'label')}; expected one for each.")


def _of_table(table: pd.DataFrame) -> Manifest:
    named = "labels" if "labels" in table else "label"
    missing = [name for name in ("image", named) if name not in table]
    if missing or table.empty:
        what = f"lacks the column {missing[0]!r}" if missing else "has no rows"
        raise ValueError(f"The table {what}; expected a row an image, with the columns image (a path) and label.")
    paths = [Path(str(path)).absolute() for path in table["image"]]
    root = Path(os.path.commonpath([str(path.parent) for path in paths]))
    known = [name for name in COLUMNS if name in table and name not in ("image", "label")]
    rows = table[known].reset_index(drop=True)
    rows.insert(0, "image", [path.relative_to(root).as_posix() for path in paths])
    if named == "label":
        rows.insert(1, "label", _names(table["label"]))
    else:
        rows["labels"] = _label_lists(list(table["labels"]))
    for name in BOX:
        if name in rows:
            rows[name] = rows[name].astype(float)
    return Manifest.from_records(rows, root)


def _saved(manifest: Manifest, folder: Path) -> str:
    """The path of the manifest, named after its content."""
    table = manifest.table
    one = (table["labels"].str.len() == 1).all()
    content = (table.drop(columns="labels") if one else table).to_json(orient="split") + str(manifest.root)
    file = folder / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    manifest.save(file)
    return str(file)


def _examples(dataset: tf.data.Dataset) -> Iterator[tuple[np.ndarray, list[str]]]:
    """The single images and labels of a dataset, batched or not."""
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) != 2:
        raise ValueError("The tf.data.Dataset gives no pairs; expected (image, label), or batches of them.")
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("The tf.data.Dataset has no end; leave out repeat(), or add take(N).")
    if spec[1].shape.rank:  # batches
        dataset = dataset.unbatch()
    for image, label in dataset.as_numpy_iterator():
        if np.ndim(label):
            raise ValueError("The labels of the tf.data.Dataset are one-hot; expected the class of each image.")
        (pixels,) = to_pixels(np.asarray(image)[None])
        yield pixels, [label.decode() if isinstance(label, bytes) else str(label)]


def _written(examples: Iterable[tuple[np.ndarray, list[str]]], folder: Path) -> str:
    """Write the images as PNG files and their manifest, in a folder named after their content."""
    folder.mkdir(parents=True, exist_ok=True)
    content, rows = hashlib.sha256(), []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
        written = Path(name) / "images"
        written.mkdir()
        for number, (pixels, labels) in enumerate(examples):
            named = labels[0] if len(labels) == 1 else labels
            content.update(repr((pixels.shape, named)).encode() + pixels.tobytes())
            file = written / f"{number:06d}.png"
            PIL.Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0]).save(file)
            rows.append({"image": file.name, "labels": labels})
        if not rows:
            raise ValueError("There are no images in the tf.data.Dataset.")
        target = folder / content.hexdigest()[:16]
        Manifest.from_records(pd.DataFrame(rows), target).save(written / "manifest.parquet")
        with replacing(target) as partial:
            written.rename(partial)
    return str(target / "manifest.parquet")
