"""Losses: (targets, logits) -> the loss of each example, before it is averaged."""

from collections.abc import Callable
from typing import Any

import keras

LOSSES = ("cross_entropy", "focal")


def make_loss(
    name: str = "cross_entropy", label_smoothing: float = 0.0, focal_gamma: float = 2.0
) -> Callable[..., Any]:
    """The loss called `name`.

    Args:
        name: of `LOSSES`.
        label_smoothing: share in [0, 1) of the target that is spread over all classes.
        focal_gamma: exponent of the focal loss, at least 0, where it is cross-entropy. Classes are weighed
            elsewhere, so its alpha is 1.

    Returns:
        A function from targets (B, classes), which may be soft, and logits (B, classes) to losses (B,).

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    shared = {"from_logits": True, "label_smoothing": label_smoothing, "reduction": None}
    if name == "focal":
        focal: Callable[..., Any] = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=focal_gamma, **shared)
        return focal
    loss: Callable[..., Any] = keras.losses.CategoricalCrossentropy(**shared)
    return loss
