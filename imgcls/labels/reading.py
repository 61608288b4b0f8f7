"""Reads the annotation files of any labelling tool; the format is named or found by content."""

from pathlib import Path
from typing import Any

from imgcls.labels.documents import listed_once
from imgcls.labels.formats import FORMATS, find_format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Records
from imgcls.labels.unread import unread_sentence
from imgcls.nearest_name import did_you_mean


def read_labels(
    source: str | Path,
    format: str | None = None,
    image_index: ImageIndex | str | Path | None = None,
    **options: Any,
) -> Records:
    """Read the annotation files of any labelling tool.

    Args:
        source: A file, or the folder of a data set.
        format: A name of `FORMATS`; found by content if None.
        image_index: The folder in which the images lie, if it is not the source's, or an `ImageIndex`, which can say
            more.
        **options: For the format's own `read`, as its row in `FORMATS` names them.

    Returns:
        A row an annotation, and what is wrong with the files.

    Raises:
        FileNotFoundError: There is nothing at `source`.
        ValueError: The format is unknown or cannot be found out, it has no such option, or the files are broken.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "labels.csv").write_text("image,label\\na.jpg,cat\\nb.jpg,dog\\n")
        ...     records = read_labels(folder, image_index=ImageIndex(folder, must_exist=False))
        >>> records.boxes_or_images[["image", "label"]].values.tolist()
        [['a.jpg', 'cat'], ['b.jpg', 'dog']]
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            f"There is nothing at {source}. Expected an annotation file, or the folder of a data set."
        )
    name = format or detect_format(source)
    reader = find_format(name)
    _check_options(options, name)
    if image_index is not None and not isinstance(image_index, ImageIndex):
        image_index = ImageIndex(image_index)
    return reader.read(source, image_index=image_index, **options)


def detect_format(source: str | Path) -> str:
    """The name of the format that `source` is written in.

    Args:
        source: A file, or the folder of a data set.

    Raises:
        ValueError: No format fits, or several do; or only the folders fit, and there are files of a tool whose format
            is known and not read.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.json").write_text('{"images": [], "annotations": [], "categories": []}')
        ...     detect_format(folder)
        'coco'
    """
    source = Path(source)
    with listed_once():
        fitting = annotation_formats(source)
        last = [name for name, row in FORMATS.items() if row.last_resort]
        fitting = fitting or [name for name in last if find_format(name).detect(source)][:1]
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
    return [name for name, row in FORMATS.items() if not row.last_resort and find_format(name).detect(source)]


def _check_options(options: dict[str, Any], format: str) -> None:
    known = FORMATS[format].options
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or f" It has {', '.join(known) or 'none'}."
            raise ValueError(f"The format {format} has no option {name!r}.{hint}")
