"""What every method that explains an answer gives: a heat map an image."""

from dataclasses import dataclass, field

import numpy as np

ALL_ZERO = "all zero: no pixel speaks for this answer by this method"
NOT_FINITE = "not finite: the gradients of this network have no value here"


@dataclass(frozen=True)
class Heatmaps:
    """How much each pixel of some images counts for the explained score.

    Attributes:
        values: (B, H, W), float32. Above 0 speaks for the class; below 0 against it, where the method tells that.
        layer: The layer whose feature map was read; empty for a method on pixels.
        figures: What the method says of itself: by name, a number for each image, (B,).
    """

    values: np.ndarray
    layer: str = ""
    figures: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """Why a map is not to be shown as one, for each image; "" where it is."""
        return [_problem(each) for each in self.values]


def _problem(values: np.ndarray) -> str:
    if not np.isfinite(values).all():
        return NOT_FINITE
    return "" if np.any(values) else ALL_ZERO
