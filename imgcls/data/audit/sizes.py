"""Findings about images whose size is unlike that of the others."""

from collections.abc import Iterator

import numpy as np

from imgcls.data.audit.findings import Finding
from imgcls.data.manifest.table import Manifest

FEWEST = 20  # files, below which no size is the usual one
FENCE = 3.0  # interquartile ranges beyond the quartiles: "far out" in Tukey, "Exploratory Data Analysis", 1977
LEAST_SPREAD = (
    0.1  # of the median, that the interquartile range counts as; where most are equal, a few pixels are not odd
)


def size_findings(manifest: Manifest) -> Iterator[Finding]:
    """Of each file once, by the square root of its area, as cleanvision does.

    A small one is odd also if it is beyond the fence of the logarithms: in pixels, that fence is often below 0.
    """
    files = manifest.usable.drop_duplicates("image")
    files = files[files["width"] > 0]
    if len(files) < FEWEST:
        return
    sides = np.sqrt(files["width"].astype(float) * files["height"])
    low, middle, high = np.percentile(sides, (25, 50, 75))
    spread = max(high - low, LEAST_SPREAD * middle)
    smallest = max(low - FENCE * spread, low * (low / (low + spread)) ** FENCE)
    for row in files[(sides < smallest) | (sides > high + FENCE * spread)].itertuples():
        why = f"{row.width:,} x {row.height:,} pixels; most have about {middle:,.0f} a side"
        yield Finding("odd size", (row.image,), why, (row.Index,))
