"""TensorFlow Datasets by name, such as `tfds:cifar10` or `tfds:cats_vs_dogs:4.0.0`. https://www.tensorflow.org/datasets

The images are written once as files, in the bytes that the data set holds, with a table of their labels and splits
beside them; from then on that table is read, and neither TensorFlow Datasets nor a network is needed.
"""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imgcls.image_files import suffix_of
from imgcls.labels.formats import table
from imgcls.labels.records import Records
from imgcls.labels.split_names import SPLIT_NAMES
from imgcls.labels.table_files import quoted
from imgcls.nearest_name import nearest_name

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

PREFIX = "tfds:"
TABLE = "labels.csv"
ADVICE = "Where there is a network, `tfds build {name}` prepares it in ~/tensorflow_datasets, or in TFDS_DATA_DIR."


def read(source: str, folder: Path) -> Records:
    """Read a data set of TensorFlow Datasets; its images are written as files the first time.

    Args:
        source: "tfds:" and a name, with a version if one is wanted.
        folder: For the images and the table of their labels; if the table is there already, it is read.

    Raises:
        ValueError: The name is unknown (the message has the nearest one), or the examples are not images of one class
            each.
        ConnectionError: The data set is not on this machine and cannot be downloaded.
    """
    if not (folder / TABLE).is_file():
        builder = _prepared(source.removeprefix(PREFIX))
        partial = folder.with_name(f".partial-{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            _write(builder, source, partial)
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return table.read(folder / TABLE)


def _prepared(name: str) -> "DatasetBuilder":
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        nearest = nearest_name(name, tfds.list_builders(with_community_datasets=False))
        hint = f" Did you mean {PREFIX}{nearest}?" if nearest else " https://www.tensorflow.org/datasets lists them."
        raise ValueError(f"TensorFlow Datasets has no {name!r}.{hint}") from error
    try:
        builder.download_and_prepare()
    except Exception as error:  # each data set's own code runs here
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ConnectionError(
            f"{PREFIX}{name} could not be downloaded and prepared ({why}). {ADVICE.format(name=name)}"
        ) from error
    return builder


def _write(builder: "DatasetBuilder", source: str, folder: Path) -> None:
    """Write each image and a row for it."""
    image, label = _features(builder, source)
    names = builder.info.features[label].names
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "label", "split", "source"])
        for split in builder.info.splits:
            (folder / split).mkdir()
            for place, (data, number) in enumerate(_examples(builder, split, image, label)):
                path = f"{split}/{place:06d}{suffix_of(data)}"
                (folder / path).write_bytes(data)
                name = names[number] if number >= 0 else ""  # -1 where the labels are kept secret
                row = [path, name, SPLIT_NAMES.get(split.lower(), ""), source]
                writer.writerow([quoted(cell) for cell in row])


def _examples(builder: "DatasetBuilder", split: str, image: str, label: str) -> Iterator[tuple[bytes, int]]:
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(split=split, decoders={image: tfds.decode.SkipDecoding()}, shuffle_files=False)
    for example in tfds.as_numpy(dataset):
        yield bytes(example[image]), int(example[label])


def _features(builder: "DatasetBuilder", source: str) -> tuple[str, str]:
    """The names of the image and of the class in an example."""
    import tensorflow_datasets as tfds

    features = dict(builder.info.features)
    kinds = (tfds.features.Image, tfds.features.ClassLabel)
    supervised = builder.info.supervised_keys
    if supervised and all(isinstance(features.get(name), kind) for name, kind in zip(supervised, kinds, strict=False)):
        return supervised[0], supervised[1]
    found = [[name for name, feature in features.items() if isinstance(feature, kind)] for kind in kinds]
    if [len(names) for names in found] != [1, 1]:
        raise ValueError(
            f"{source} is no data set of images with one class each: its examples hold {', '.join(features)}."
        )
    return found[0][0], found[1][0]
