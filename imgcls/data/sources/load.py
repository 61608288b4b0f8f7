"""From what a user names to a manifest."""

import logging
from dataclasses import replace
from pathlib import Path

from imgcls.command_line import command_line
from imgcls.config import Boxes, LabelsConfig
from imgcls.data.manifest.table import Manifest
from imgcls.data.prepared.load import is_prepared, load_prepared
from imgcls.data.sources.cards import list_cards, load_card
from imgcls.data.sources.importing import import_manifest
from imgcls.data.sources.reasons import commonest
from imgcls.labels import annotation_formats
from imgcls.labels.formats import table
from imgcls.labels.formats.folders import read_folders
from imgcls.labels.records import LEFT_OUT, Problems
from imgcls.labels.unread import loose_files, unread_sentence

log = logging.getLogger(__name__)


def load_manifest(source: str | Path, boxes: Boxes = "single") -> Manifest:
    """Load the table of images and labels of a data set. No image is opened.

    The log has a warning for each reason for which something of the source is not used.

    Args:
        source: A folder with one folder of images for each class, a manifest file (.parquet), an annotation file, a
            folder that `python -m imgcls.prepare` wrote, a `tfds:` name, or the name of a data set card.
        boxes: How the annotations become examples, where they are read here and no card says so.

    Returns:
        The manifest, with the splits that the source names.

    Raises:
        FileNotFoundError: There is nothing at that path.
        ValueError: The source is none of these, or it cannot be read; in one sentence.

    Example:
        >>> manifest = load_manifest("fashion_mini")
        >>> manifest.class_names[:3]
        ['ankle_boot', 'bag', 'coat']
    """
    path = Path(source)
    if is_prepared(path):
        return load_prepared(path)
    if path.is_dir() or (len(path.parts) > 1 and not path.exists()):
        return _of_folders(path)
    if path.suffix == ".parquet":
        return Manifest.load(path)
    if path.exists() or str(source).startswith("tfds:"):
        return _imported(str(source), LabelsConfig(boxes=boxes))
    card = load_card(str(source))
    labels = card.labels if card.labels.boxes != "single" else replace(card.labels, boxes=boxes)
    if card.labels == LabelsConfig() and not card.source.startswith("tfds:"):
        return load_manifest(card.source, boxes)
    return _imported(card.source, labels)


def _imported(source: str, labels: LabelsConfig) -> Manifest:
    imported = import_manifest(source, labels)
    lost = imported.problems[imported.problems["effect"] == LEFT_OUT]
    for reason in commonest(lost):
        log.warning("%s: %s", source, reason)
    return imported.manifest


def _of_folders(root: Path) -> Manifest:
    """The manifest of class folders. Raises ValueError if there are annotations that say more than the folders."""
    problems = Problems()
    rows = read_folders(root, problems)
    if next(loose_files(root), None) is not None:
        _check_folders_count(root, rows["label"].nunique())
    for reason in commonest(problems.table()):
        log.warning("%s: %s", root, reason)
    return Manifest.from_records(rows, root)


def _check_folders_count(root: Path, classes: int) -> None:
    """Raise ValueError if the files beside class folders are annotations."""
    formats = [name for name in annotation_formats(root) if name != "imagenet"]  # whose classes are folders
    if not formats and classes < 2 and table.detect(root):
        formats = ["table"]
    why = f"{root} has annotations (format {' and '.join(formats)})." if formats else unread_sentence(root)
    if why:
        raise ValueError(
            f"{why} So its folders may not be its classes: read it with `{command_line('import_labels', root)}` first; "
            "with --format folders the folders are the classes."
        )


def source_of(named: str, labels: LabelsConfig) -> tuple[str, LabelsConfig]:
    """The source to read, and how: a card names its source and options, and flags change these options.

    Args:
        named: A path, or the name of a card.
        labels: The flags.

    Returns:
        The source, and the options that hold for it.
    """
    if Path(named).exists() or named not in list_cards():
        return named, labels
    card = load_card(named)
    plain = LabelsConfig()
    given = {name: value for name, value in vars(labels).items() if value != getattr(plain, name)}
    return card.source, replace(card.labels, **given)
