"""The contract of an engine: pixels in, arrays by name out.

The feature cache of training and the predictor of serving both ask an engine, so that a new one serves both.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

PROBABILITIES = "probabilities"  # (B, number of classes)
LOGITS = "logits"  # (B, number of classes), before the softmax and its temperature
EMBEDDING = "embedding"  # (B, D), the features under the classifier
DECISION = "decision"  # (B,), the place of a class; number of classes: "not sure"; one more: "none of these"
PREDICTION_SET = "prediction_set"  # (B, number of classes), 1 for a class that belongs to it
UNKNOWN_SCORE = "unknown_score"  # (B,), higher is stranger
JUDGEMENT = (DECISION, PREDICTION_SET, UNKNOWN_SCORE)  # what was fitted after training says; of some classifiers only
FEATURES = "features"  # (B, F), of a frozen network without a classifier

Key = TypeVar("Key")
Outputs = dict[str, np.ndarray]


class Engine(Protocol):
    """A network that is ready to compute, in one library on one device.

    A class that inherits from this one has to write `predict` alone. `predict` is called from several threads at once.

    Attributes:
        name: The library, as a sentence names it, such as "OpenVINO".
        device: What it computes on, such as "CPU" or "GPU".
        outputs: The names of the arrays that `predict` gives. An engine of a classifier gives "probabilities"; one
            that gives "embedding" too can embed.
        batch_size: The largest batch that `predict` and `predict_batches` take; None if they take every size.
    """

    name: str
    device: str
    outputs: tuple[str, ...]
    batch_size: int | None = None

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch.

        Args:
            pixels: (B, height, width, channels), float32 in [0, 255]. B may be 0, and any number above it.

        Returns:
            An array (B, ...) for each name of `outputs`, in float32 but for "decision" and "prediction_set".
        """
        ...

    def predict_batches(self, batches: Iterable[tuple[Key, np.ndarray]]) -> Iterator[tuple[Key, Outputs]]:
        """Compute many batches, of which some libraries work on several at a time.

        Args:
            batches: Each a key, which comes back with the answer, and pixels as `predict` takes them.

        Yields:
            The key and the outputs of each batch, in any order.
        """
        for key, pixels in batches:
            yield key, self.predict(pixels)


def fill_up(pixels: np.ndarray, batch_size: int) -> np.ndarray:
    """Bring a batch to the one size that a network was compiled for.

    Args:
        pixels: (B, height, width, channels), where B is at most `batch_size`.
        batch_size: Images in the result.

    Returns:
        The batch, contiguous, with black images at its end.
    """
    pixels = np.ascontiguousarray(pixels)
    missing = batch_size - len(pixels)
    return np.pad(pixels, [(0, missing), (0, 0), (0, 0), (0, 0)]) if missing else pixels
