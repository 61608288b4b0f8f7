"""Annotation files of labelling tools to tables of records, one file a format."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from imgcls.labels.documents import listed_once
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Records
from imgcls.labels.unread import unread_sentence
from imgcls.nearest_name import did_you_mean


@dataclass(frozen=True)
class Format:
    """A row of `FORMATS`: a format that can be read."""

    title: str  # what its users call it; README and the command's help have it too, up to a comma, colon or bracket
    module: str = ""  # the file of this folder that reads it, where that is not called as the format is
    tabular: bool = False  # it has named columns, of which one can be the group
    packed: bool = False  # it holds pixels, or may, which are written as image files before they can be used
    last_resort: bool = False  # found only if nothing else fits


FORMATS = {  # name: what it is; found in this order
    "coco": Format("COCO"),
    "voc": Format("Pascal VOC, or LabelImg's XML"),
    "yolo": Format("YOLO"),
    "createml": Format("Create ML"),
    "labelme": Format("LabelMe (desktop)", packed=True),
    "labelme_web": Format("LabelMe (web)"),
    "label_studio": Format("Label Studio"),
    "cvat": Format("CVAT"),
    "vott": Format("VoTT"),
    "datumaro": Format("Datumaro"),
    "supervisely": Format("Supervisely"),
    "roboflow": Format("Roboflow, by class"),
    "open_images": Format("Open Images"),
    "kitti": Format("KITTI"),
    "imagenet": Format("ImageNet, a folder a synset"),
    "imagenet_lists": Format("ImageNet lists: train.txt, val.txt"),
    "idx": Format("IDX, as MNIST", packed=True),
    "cifar": Format("CIFAR", packed=True),
    "tfrecord": Format("TFRecord of TensorFlow Object Detection", packed=True),
    "mturk": Format("Mechanical Turk", tabular=True),
    "toloka": Format("Toloka", tabular=True),
    "table": Format("tables: CSV, Parquet, Excel", module="tables", tabular=True, last_resort=True),
    "folders": Format("one folder of images a class", last_resort=True),
}
LAST_RESORT = tuple(name for name, format in FORMATS.items() if format.last_resort)

__all__ = ["FORMATS", "Format", "ImageIndex", "Records", "annotation_formats", "detect_format", "read_labels"]


def read_labels(
    source: str | Path, format: str | None = None, image_index: ImageIndex | str | Path | None = None, **options
) -> Records:
    """Read the annotation files of any labelling tool.

    source: a file, or the folder of a data set.
    format: a name of `FORMATS`; found by content if None.
    images: the folder in which the images lie, if it is not the source's, or `ImageIndex` for more wishes.
    options: for the format's own `read`.

    Raises FileNotFoundError without a source, and ValueError for a format that is unknown, not to be told, or broken.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            f"There is nothing at {source}. Expected an annotation file, or the folder of a data set."
        )
    module = _module(format or detect_format(source))
    if image_index is not None and not isinstance(image_index, ImageIndex):
        image_index = ImageIndex(image_index)
    return module.read(source, image_index=image_index, **options)


def detect_format(source: str | Path) -> str:
    """The name of the format that `source` is written in.

    Raises ValueError if none fits, or several do, or if only the folders fit and there are files of a tool whose format
    is known and not read.
    """
    source = Path(source)
    with listed_once():
        fitting = annotation_formats(source)
        fitting = fitting or [name for name in LAST_RESORT if _module(name).detect(source)][:1]
        unread = unread_sentence(source) if fitting in ([], ["folders"]) else ""
    if unread:
        raise ValueError(f"{unread} (in {source})" if not fitting else f"{unread} Or name --format folders.")
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(f"{source} has annotations in several formats: {', '.join(fitting)}. Name the one to read.")
    raise ValueError(
        f"{source} is in none of the formats {', '.join(FORMATS)}. Name the format, or see its tool's export."
    )


def annotation_formats(source: Path) -> list[str]:
    """The formats that `source` has files of, but for those of last resort: tables and folders."""
    return [name for name in FORMATS if name not in LAST_RESORT and _module(name).detect(source)]


def _module(name: str) -> ModuleType:
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS, cutoff=0)
        raise ValueError(f"Unknown format {name!r}.{hint} There are {', '.join(FORMATS)}.")
    return importlib.import_module(f"imgcls.labels.{FORMATS[name].module or name}")
