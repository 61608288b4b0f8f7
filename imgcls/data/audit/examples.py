"""Findings about the boxes of examples."""

from collections.abc import Iterator

import pandas as pd

from imgcls.data.audit.findings import Finding
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX

TOLERANCE = 0.5  # pixels that a box may reach beyond the edge, by rounding


def example_findings(manifest: Manifest) -> Iterator[Finding]:
    """Boxes with nothing inside, and boxes that reach beyond their image."""
    usable = manifest.usable
    boxed = usable[usable[BOX].notna().all(axis=1)]
    inside = cut_boxes(boxed)
    empty = (inside["x_max"] <= inside["x_min"]) | (inside["y_max"] <= inside["y_min"])
    outside = ((boxed[BOX] - inside).abs() > TOLERANCE).any(axis=1) & ~empty
    for kind, chosen in (("empty box", empty), ("box outside", outside)):
        for row in boxed[chosen].itertuples():
            corners = f"({row.x_min:g}, {row.y_min:g}) to ({row.x_max:g}, {row.y_max:g})"
            why = f"{row.label!r} from {corners} in {row.width:,} x {row.height:,} pixels"
            yield Finding(kind, (row.image,), why, (row.Index,))


def cut_boxes(rows: pd.DataFrame) -> pd.DataFrame:
    """The boxes of rows, cut at the edges of their images."""
    cut = rows[BOX].copy()
    for side, names in (("width", ("x_min", "x_max")), ("height", ("y_min", "y_max"))):
        for name in names:
            cut[name] = cut[name].clip(lower=0).where(cut[name] < rows[side], rows[side])
    return cut
