"""Whether a difference between two classifiers on the same images may be chance."""

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr

LEVEL = 0.05  # p-values below it are called a difference
FLIPS = 20_000  # drawn for the test with groups
LONGEST = 2**24  # numbers of a draw that are held at once


def paired_p_value(first: np.ndarray, second: np.ndarray, groups: np.ndarray | None = None) -> float:
    """How likely so large a difference in right answers is, if both classifiers are equally good.

    Without groups it is McNemar's exact test. With groups, the images of one are no independent observations, so the
    two classifiers change places in whole groups at random; with groups of one image this is McNemar's test again.

    Args:
        first: (N,) bool, which images the first classifier gets right.
        second: (N,) bool, the same of the second one.
        groups: (N,) integers, the same for the images of one group; None where each image is one by itself.

    Returns:
        The two-sided p-value, in (0, 1].

    Reference:
        McNemar, Note on the Sampling Error of the Difference Between Correlated Proportions or Percentages, 1947.

    Example:
        >>> right = np.array([True] * 8 + [False] * 2)
        >>> round(paired_p_value(~right, right), 6)
        0.109375
    """
    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    if not gained + lost:
        return 1.0
    if groups is None:
        return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))
    return _flipped_p_value(np.bincount(groups, second.astype(int) - first.astype(int)))


def _flipped_p_value(nets: np.ndarray) -> float:
    """The share of random changes of places that differ as much. nets: (G,), images gained less lost of each group."""
    nets = nets[nets != 0]
    if not len(nets):
        return 1.0
    random, seen, done = np.random.default_rng(0), 0, 0
    while done < FLIPS:
        count = min(FLIPS - done, max(1, LONGEST // len(nets)))
        signs = random.integers(0, 2, (count, len(nets)), np.int8) * 2 - 1
        seen += int((np.abs(signs @ nets) >= abs(nets.sum())).sum())
        done += count
    return (seen + 1) / (FLIPS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected for their number, so that one false find in any of them is as rare.

    Args:
        p_values: One of each test.

    Returns:
        The corrected ones, in the same order, at most 1.

    Reference:
        Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.

    Example:
        >>> holm([0.01, 0.5, 0.03])
        [0.03, 0.5, 0.06]
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    corrected = np.empty(len(values))
    corrected[order] = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    return [float(round(value, 15)) for value in np.minimum(corrected, 1)]


def p_value_text(p_value: float) -> str:
    """A p-value as sentences show it.

    Example:
        >>> p_value_text(0.0314), p_value_text(0.00002), p_value_text(0.73)
        ('p = 0.03', 'p < 0.001', 'p = 0.73')
    """
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.3f}" if p_value < 0.01 or 0.045 <= p_value < 0.055 else f"p = {p_value:.2f}"
