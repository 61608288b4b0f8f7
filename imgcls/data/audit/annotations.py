"""Findings about annotation files: what their importer had to say."""

from collections.abc import Iterator

import pandas as pd

from imgcls.data.audit.findings import Finding
from imgcls.labels.records import LEFT_OUT


def annotation_findings(reported: pd.DataFrame | None) -> Iterator[Finding]:
    """One finding for each row of a problems table.

    Args:
        reported: With the columns file, line, reason and effect ("left out", "changed", "noted"), or None.
    """
    for row in () if reported is None else reported.itertuples():
        where = ", line ".join(str(part) for part in (row.file, row.line) if part)
        kind = "annotation left out" if row.effect == LEFT_OUT else "annotation"
        yield Finding(kind, (), f"{where}: {row.reason}" if where else row.reason)
