"""Which units of a layer to draw, where there are too many."""

from collections.abc import Sequence

import numpy as np

from imgcls.explain.units.strongest import Strongest

SHARED = 0.5  # of its images; a unit that shares more with a unit chosen before shows the same again


def varied_units(strongest: Strongest, most: int, among: Sequence[int] = ()) -> list[int]:
    """Units that respond to a few images far more than to the rest, and each to other images.

    They are taken by how many standard deviations the mean of the strongest responses lies above the mean of all
    images. A unit that shares more than half of its images with one that was taken waits until all others are taken.
    Units that are silent on all images come last.

    Args:
        strongest: Of all units of the layer.
        most: How many to choose.
        among: The units to choose from; none for all.

    Returns:
        Numbers of units, from the most to the least selective.
    """
    order = np.argsort(-_selectivity(strongest), kind="stable").tolist()
    order = [unit for unit in order if unit in set(among)] if among else order
    chosen: list[int] = []
    for unit in order:
        if len(chosen) < most and not any(_shared(strongest, unit, other) > SHARED for other in chosen):
            chosen.append(unit)
    alike = [unit for unit in order if unit not in set(chosen)]
    return sorted((chosen + alike)[:most], key=order.index)


def _selectivity(strongest: Strongest) -> np.ndarray:
    """(units,), in standard deviations; -inf for a unit that says the same of every image."""
    kept = np.isfinite(strongest.responses)
    mean = np.where(kept, strongest.responses, 0).sum(1) / np.maximum(kept.sum(1), 1)
    varies = strongest.deviation > 1e-6 * np.abs(strongest.mean)
    return np.where(varies, (mean - strongest.mean) / np.where(varies, strongest.deviation, 1), -np.inf)


def _shared(strongest: Strongest, unit: int, other: int) -> float:
    """The share of a unit's images that are among those of another."""
    return float(np.isin(strongest.images[unit], strongest.images[other]).mean())
