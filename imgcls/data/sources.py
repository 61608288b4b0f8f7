"""From what a user names to a manifest."""

from dataclasses import replace
from pathlib import Path

from imgcls.config import LabelsConfig
from imgcls.data.cards import list_cards, load_card
from imgcls.data.importing import import_manifest
from imgcls.data.manifest import Manifest
from imgcls.data.prepared import is_prepared, load_prepared
from imgcls.labels.folders import read_folders


def load_manifest(source: str | Path) -> Manifest:
    """The manifest of a folder with one folder of images a class, a manifest file, an annotation file, a folder
    that `python -m imgcls.prepare` wrote, a `tfds:` name, or a data set card.

    Raises FileNotFoundError or ValueError, in one sentence, for anything else.
    """
    path = Path(source)
    if is_prepared(path):
        return load_prepared(path)
    if path.is_dir() or (len(path.parts) > 1 and not path.exists()):
        return Manifest.from_records(read_folders(path), path)
    if path.suffix == ".parquet":
        return Manifest.load(path)
    if path.exists() or str(source).startswith("tfds:"):
        return import_manifest(source, LabelsConfig()).manifest
    card = load_card(str(source))
    if card.labels == LabelsConfig() and not card.source.startswith("tfds:"):
        return load_manifest(card.source)
    return import_manifest(card.source, card.labels).manifest


def source_of(named: str, labels: LabelsConfig) -> tuple[str, LabelsConfig]:
    """What to read, and how: a card names its source and its wishes, which flags change; all else is its own source."""
    if Path(named).exists() or named not in list_cards():
        return named, labels
    card = load_card(named)
    plain = LabelsConfig()
    given = {name: value for name, value in vars(labels).items() if value != getattr(plain, name)}
    return card.source, replace(card.labels, **given)
