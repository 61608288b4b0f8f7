"""What is done about classes of different size: the order of the examples, the weights of their losses, or the scores.

weights             loss times N / (classes * n of the class)
effective_number    loss times (1 - beta) / (1 - beta^n), scaled to a mean of 1: Cui et al., 2019
batch               every batch has equal shares of all classes
sample              classes get shares in proportion to n^exponent: Mahajan et al., 2018, with 0.5
augment             the same, and the rare classes, which are repeated by it, get the stronger augmentation
logits              the log of the class's share is added to its score while training: Menon et al., 2021
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imgcls.config import BalanceConfig, Balancing
from imgcls.data.batches.order import ByBlock, ByQuota, Shuffled, tempered_quotas
from imgcls.metrics import metric_for

AUTO_RATIO = 3.0  # largest class over smallest, from which on something is done
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Balance:
    """A way of balancing classes of different size.

    Attributes:
        mode: "none", or one of those that the module describes.
        counts: (classes,), training images.
        exponent: Of sample and augment: 1 keeps the class shares, 0 makes them equal.
        beta: Of effective_number.
        adjustment: Of logits: the factor of the log class shares.

    Example:
        >>> Balance("weights", np.array([30, 10])).class_weights.round(3).tolist()
        [0.667, 2.0]
    """

    mode: str
    counts: np.ndarray
    exponent: float = 0.5
    beta: float = 0.999
    adjustment: float = 1.0

    @classmethod
    def from_config(cls, config: BalanceConfig, counts: Sequence[int] | np.ndarray) -> "Balance":
        """The balance that a config describes.

        Args:
            config: Without "auto". Numbers that it leaves open have their defaults.
            counts: (classes,), training images.
        """
        given: dict[str, Any] = {
            "exponent": config.balance_exponent,
            "beta": config.effective_number_beta,
            "adjustment": config.logit_adjustment,
        }
        given = {name: value for name, value in given.items() if value is not None}
        return cls(config.balance, np.asarray(counts), **given)

    def order(self, classes: Sequence[int] | np.ndarray, seed: int) -> Shuffled | ByQuota | ByBlock:
        """The order in which examples come.

        Args:
            classes: (N,), the class of each example.
            seed: Of the run.
        """
        if self.mode == "batch":
            return ByBlock(classes, len(self.counts), seed)
        if self.mode in ("sample", "augment"):
            return ByQuota(classes, tempered_quotas(self.counts, self.exponent), seed)
        return Shuffled(len(classes), seed)

    @property
    def class_weights(self) -> np.ndarray | None:
        """(classes,), of the loss, with a mean of 1 over the images; None if all weigh the same."""
        if self.mode == "weights":
            weights = 1.0 / self.counts
        elif self.mode == "effective_number":
            weights = (1 - self.beta) / (1 - self.beta ** self.counts.astype(np.float64))
        else:
            return None
        with_mean_one: np.ndarray = weights * self.counts.sum() / (weights * self.counts).sum()
        return with_mean_one

    @property
    def image_weights(self) -> np.ndarray:
        """(classes,), the weight of an image in an epoch: of its loss, or how often it comes."""
        if self.class_weights is not None:
            return self.class_weights
        if self.mode == "batch":
            of_batches: np.ndarray = self.counts.mean() / self.counts
            return of_batches
        if self.mode in ("sample", "augment"):
            of_quotas: np.ndarray = tempered_quotas(self.counts, self.exponent) / self.counts
            return of_quotas
        return np.ones(len(self.counts))

    @property
    def logit_offsets(self) -> np.ndarray | None:
        """(classes,), added to the logits while training; None if nothing is added."""
        if self.mode != "logits":
            return None
        offsets: np.ndarray = self.adjustment * np.log(self.counts / self.counts.sum())
        return offsets

    @property
    def strong_classes(self) -> np.ndarray | None:
        """(classes,) whether a class gets the stronger augmentation; None if none does."""
        if self.mode != "augment":
            return None
        rare: np.ndarray = self.counts * AUTO_RATIO <= self.counts.max()
        return rare


def resolve_multi_label_balance(config: BalanceConfig) -> BalanceConfig:
    """Settle "auto" where an image has any number of classes: nothing is balanced, and the log says so.

    Args:
        config: What the user asks for.

    Returns:
        The same config without "auto".

    Raises:
        ValueError: The way of balancing, or the metric of the best epoch, needs one class an image.
    """
    if config.balance == "auto":
        config = replace(config, balance="none")
        log.info("--balance none: each class is learned by itself; --balance weights lets rare classes count more.")
    if config.balance not in ("none", "weights"):
        raise ValueError(
            f"--balance {config.balance} needs one class an image, and images have several. Choose --balance weights "
            "or none."
        )
    return replace(config, best_epoch=metric_for(config.best_epoch, "multi_label").name)


def positive_weights(targets: np.ndarray) -> np.ndarray:
    """How much the images that have a class weigh in its loss, so that they count as much as those that lack it.

    Args:
        targets: (N, classes), 1 where an image has a class.

    Returns:
        (classes,): images without the class by those with it; 1 for a class that all images have, or none.

    Example:
        >>> positive_weights(np.array([[1, 0], [1, 1], [0, 0], [1, 0]])).round(3).tolist()
        [0.333, 3.0]
    """
    having = np.asarray(targets, np.float64).sum(axis=0)
    lacking = len(targets) - having
    usable = (having > 0) & (lacking > 0)
    weights: np.ndarray = np.where(usable, lacking / np.maximum(having, 1.0), 1.0)
    return weights


def resolve_balance(config: BalanceConfig, counts: Sequence[int]) -> BalanceConfig:
    """Settle "auto" by the ratio of the largest class to the smallest; the log has what was chosen, and why.

    Args:
        config: What the user asks for.
        counts: (classes,), training images of each class.

    Returns:
        The same config without "auto".

    Example:
        >>> resolve_balance(BalanceConfig(), [900, 100]).balance
        'logits'
    """
    ratio = max(counts) / max(min(counts), 1)
    uneven = ratio >= AUTO_RATIO
    if config.balance == "auto":
        chosen: Balancing = "logits" if uneven else "none"
        config = replace(config, balance=chosen)
        log.info("--balance %s: the largest class has %.1f times the images of the smallest.", chosen, ratio)
    if config.best_epoch == "auto":
        best = "balanced_accuracy" if uneven else "accuracy"
        config = replace(config, best_epoch=best)
        if uneven:
            log.info("--best-epoch %s: the classes differ by a factor of %.0f or more.", best, AUTO_RATIO)
    return config
