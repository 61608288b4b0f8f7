"""How far two computations of the same network may be apart."""

import numpy as np

LARGEST_DIFFERENCE = 1e-4  # of a probability; of an output with larger numbers, as a share of its largest one


def difference(expected: np.ndarray, found: np.ndarray) -> float:
    """The largest difference of an output, as `LARGEST_DIFFERENCE` bounds it.

    Args:
        expected: Numbers of any shape.
        found: Those of the other computation, of the same shape.

    Returns:
        The difference itself where no number that is expected is beyond -1 and 1, such as of probabilities; else its
        share of the largest one. It is infinite if a number that is NaN or infinite stands against another.

    Example:
        >>> difference(np.array([0.5]), np.array([0.75])), difference(np.array([100.0]), np.array([101.0]))
        (0.25, 0.01)
    """
    expected, found = np.asarray(expected, float), np.asarray(found, float)
    is_same = (expected == found) | (np.isnan(expected) & np.isnan(found))
    with np.errstate(invalid="ignore"):
        differences = np.where(is_same, 0.0, np.abs(expected - found))
    largest = float(np.max(np.where(np.isnan(differences), np.inf, differences), initial=0.0))
    return largest / float(np.max(np.abs(expected), where=np.isfinite(expected), initial=1.0))
