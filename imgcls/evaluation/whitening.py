"""What whitening does to images, for the report."""

from dataclasses import dataclass

import numpy as np

from imgcls.evaluation.charts import falling_line
from imgcls.evaluation.thumbnails import image_address

SHOWN_RANGE = (0.5, 99.5)  # per cent of an image's values that fill the range from black to white


@dataclass(frozen=True)
class Whitened:
    """What whitening does to some images.

    Attributes:
        pairs: Data addresses of images before and after.
        chart: The eigenvalues, as SVG.
        variances: The same as numbers, falling.
    """

    pairs: list[tuple[str, str]]
    chart: str
    variances: tuple[float, ...] = ()


def show_whitening(before: np.ndarray, after: np.ndarray, eigenvalues: np.ndarray) -> Whitened:
    """Draw what whitening does.

    Args:
        before: (N, H, W, C), pixels in [0, 255].
        after: (N, H, W, K), any range; up to three of the K components are shown.
        eigenvalues: (K,), the falling variances of the components.
    """
    pairs = [(image_address(a), image_address(_visible(b))) for a, b in zip(before, after, strict=True)]
    return Whitened(pairs, falling_line(eigenvalues, "component", "variance"), tuple(map(float, eigenvalues)))


def _visible(values: np.ndarray) -> np.ndarray:
    """Any numbers (H, W, K) as pixels (H, W, 1 or 3) in [0, 255]."""
    values = values[..., : 3 if values.shape[-1] >= 3 else 1]
    low, high = np.percentile(values, SHOWN_RANGE)
    shown: np.ndarray = 255 * np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    return shown
