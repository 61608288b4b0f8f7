"""Annotations to a manifest whose images are all opened once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imgcls.config import FetchConfig, LabelsConfig
from imgcls.data.inspection.inspect import inspect
from imgcls.data.sources.importing import Imported, import_manifest
from imgcls.data.sources.load import source_of
from imgcls.progress import Progress


def import_labels(
    source: str | Path,
    labels: LabelsConfig | None = None,
    fetching: FetchConfig | None = None,
    progress: Progress | None = None,
    before_opening: Callable[[], None] = lambda: None,
) -> Imported:
    """Read what a labelling tool wrote, and open every image once, as `python -m imgcls.import_labels` does.

    Args:
        source: Annotation file, folder of a data set, manifest, card, or "tfds:NAME".
        labels: How annotations become examples; see `imgcls.config.LabelsConfig`.
        fetching: How images are fetched that a table names by address.
        progress: Receives how many images are fetched and opened.
        before_opening: Called once before the first image is opened, which needs TensorFlow.

    Returns:
        The manifest, with a problem for each file that cannot be used; what was wrong in the annotations, as a table
        with the columns file, line, reason and effect; and the consensus of several annotators, if there was one.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        ValueError: If it is no annotation that is known, or if a wish cannot be had.

    Example:
        ::

            from imgcls import import_labels
            from imgcls.config import LabelsConfig

            imported = import_labels("instances.json", LabelsConfig(boxes="crop"))
            imported.manifest.save("manifest.parquet")
    """
    progress = progress or Progress()
    named, wishes = source_of(str(source), labels or LabelsConfig())
    imported = import_manifest(named, wishes, fetching, progress.of("Fetching images"))
    before_opening()
    on_progress = progress.of("Reading every image", len(imported.manifest.table))
    return replace(imported, manifest=inspect(imported.manifest, on_progress))
