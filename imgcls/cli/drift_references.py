"""The references of drift that a server holds the images of its callers against."""

from collections.abc import Callable, Mapping
from pathlib import Path

from imgcls.evaluation.drift.embedding_summary import EmbeddingSummary
from imgcls.serving.drift_reference import read_drift_reference
from imgcls.serving.server.drift_window import Reference
from imgcls.serving.versions import is_version


def reference_of(folders: Mapping[str, Path]) -> Callable[[str, int], Reference | None]:
    """Make the function that finds the reference of a version.

    Args:
        folders: Of each model's versions, or one version, by the name of the model.

    Returns:
        From a model's name and a version's number to its reference; None for a version that has none.
    """

    def find(model: str, version: int) -> Reference | None:
        folder = folders.get(model)
        if folder is None:
            return None
        return read_reference(folder if is_version(folder) else folder / str(version))

    return find


def read_reference(version: Path) -> Reference | None:
    """Read the reference of a version; None if it has none, or one that cannot be read."""
    try:
        values = read_drift_reference(version)
        summary = values.get("summary")
        return Reference.from_dict(values, EmbeddingSummary.from_dict(summary).distance if summary else None)
    except (ValueError, KeyError, TypeError):
        return None
