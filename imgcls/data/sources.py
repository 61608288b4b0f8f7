"""From what a user names to a manifest."""

from pathlib import Path

import pandas as pd

from imgcls.data.cards import list_cards, load_card
from imgcls.data.manifest import Manifest
from imgcls.labels import read_labels
from imgcls.labels.boxes import to_examples
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


def import_manifest(source: str | Path, format: str | None, boxes: str) -> tuple[Manifest, pd.DataFrame]:
    """The manifest of any labelling tool's annotations, and a table of what was wrong in them.

    source: an annotation file, the folder of a data set, or a data set card's name.
    format: a name of `imgcls.labels.FORMATS`; None finds it by content.
    boxes: how boxes become labels of images: "single" keeps the images with one class, "largest" takes the class of the
        largest box.

    The second table has the columns file, line, reason and effect ("left out", "changed", "noted").
    """
    if str(source) in list_cards() and not Path(source).exists():
        source = load_card(str(source)).source
    records = to_examples(read_labels(source, format), boxes)
    rows = records.boxes_or_images
    if rows.empty:
        raise ValueError(f"{source} gives no labelled image. Expected annotations with at least two classes.")
    return Manifest.from_records(rows, records.root), records.problems
