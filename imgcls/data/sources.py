"""From what a user names to a manifest."""

from pathlib import Path

from imgcls.data.cards import load_card
from imgcls.data.manifest import Manifest
from imgcls.labels.folders import read_folders


def load_manifest(source: str | Path) -> Manifest:
    """The manifest of a folder with one folder of images a class, of a manifest file, or of a data set card.

    Raises FileNotFoundError or ValueError, in one sentence, for anything else.
    """
    path = Path(source)
    if path.suffix == ".parquet":
        return Manifest.load(path)
    if path.exists() or len(path.parts) > 1:
        return Manifest.from_records(read_folders(path), path)
    return load_manifest(load_card(str(source)).source)
