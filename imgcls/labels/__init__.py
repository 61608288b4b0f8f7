"""Reads the annotation files of labelling tools into records, and writes records as files of other tools.

What reads files is imported when it is first used, so that the formats can be listed without pandas.
"""

import importlib
from typing import TYPE_CHECKING, Any

from imgcls.labels.format import Format, LabelFormat
from imgcls.labels.formats import FORMATS, register_format
from imgcls.labels.writer import LabelWriter, Writer
from imgcls.labels.writers import WRITERS, register_writer

if TYPE_CHECKING:
    from imgcls.labels.image_index import ImageIndex
    from imgcls.labels.reading import annotation_formats, detect_format, read_labels
    from imgcls.labels.records import Records
    from imgcls.labels.writing import write_labels

__all__ = [
    "FORMATS",
    "WRITERS",
    "Format",
    "ImageIndex",
    "LabelFormat",
    "LabelWriter",
    "Records",
    "Writer",
    "annotation_formats",
    "detect_format",
    "read_labels",
    "register_format",
    "register_writer",
    "write_labels",
]

_ADDRESSES = {
    "ImageIndex": "imgcls.labels.image_index",
    "Records": "imgcls.labels.records",
    "annotation_formats": "imgcls.labels.reading",
    "detect_format": "imgcls.labels.reading",
    "read_labels": "imgcls.labels.reading",
    "write_labels": "imgcls.labels.writing",
}


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}.")
    return getattr(importlib.import_module(_ADDRESSES[name]), name)
