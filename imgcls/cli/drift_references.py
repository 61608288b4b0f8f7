"""The references of drift that a server holds the images of its callers against."""

from pathlib import Path

from imgcls.evaluation.drift.embedding_summary import EmbeddingSummary
from imgcls.serving.drift_reference import read_drift_reference
from imgcls.serving.server.monitoring.drift_window import Reference


def read_reference(version: Path) -> Reference | None:
    """Read the reference of a version; None if it has none, or one that cannot be read."""
    try:
        values = read_drift_reference(version)
        summary = values.get("summary")
        return Reference.from_dict(values, EmbeddingSummary.from_dict(summary).distance if summary else None)
    except (ValueError, KeyError, TypeError):
        return None
