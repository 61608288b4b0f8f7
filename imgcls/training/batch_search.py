"""The batch size that fits into memory and is computed fast, found by doubling it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

STEPS_AN_EPOCH = 8  # at the least, so that few images are learned from too
MOST = 1024  # images; a learning rate by rule is trusted up to there
WORTH = 1.10  # times the images a second of the half as large batch, from which the larger one is taken


@dataclass(frozen=True)
class BatchTrial:
    """What was measured of batches, each twice as large as the one before.

    Attributes:
        size: images of the batch that was chosen.
        rates: images a second, by the images of a batch.
        too_large: images of the batch that did not fit into memory; 0 if all fitted.
    """

    size: int
    rates: dict[int, float]
    too_large: int = 0

    @property
    def why(self) -> str:
        """The reason for the choice, in a sentence."""
        if not self.rates:
            return f"{self.too_large} images do not fit into memory at once, so that parts of them are computed."
        measured = ", ".join(f"{rate:,.0f} in batches of {size}" for size, rate in self.rates.items())
        if self.too_large:
            ends = f"; {self.too_large} do not fit into memory"
        elif self.size != max(self.rates):
            ends = f", which is not {100 * (WORTH - 1):.0f} % more"
        else:
            ends = "; larger ones are not tried"
        return f"images a second are {measured}{ends}."


def sizes_to_try(first: int, images: int) -> list[int]:
    """Batch sizes, each twice the one before.

    Args:
        first: the smallest one.
        images: for training; no size but the first leaves them fewer than `STEPS_AN_EPOCH` steps an epoch.
    """
    sizes = [first]
    while 2 * sizes[-1] <= min(MOST, images // STEPS_AN_EPOCH):
        sizes.append(2 * sizes[-1])
    return sizes


def search(sizes: Sequence[int], measure: Callable[[int], float]) -> BatchTrial:
    """Double the batch as long as it fits into memory and makes the images faster by `WORTH`.

    Args:
        sizes: those of `sizes_to_try`.
        measure: images of a batch -> images a second; raises `tf.errors.ResourceExhaustedError` if memory does not
            suffice.
    """
    chosen, rates = sizes[0], {}
    for size in sizes:
        try:
            rates[size] = measure(size)
        except tf.errors.ResourceExhaustedError:
            return BatchTrial(chosen, rates, too_large=size)
        if size != chosen and rates[size] < WORTH * rates[chosen]:
            break
        chosen = size
    return BatchTrial(chosen, rates)
