"""The new head of a network that starts from given weights: when it can be fitted to its optimum, and on what."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.data.batches.balance import Balance
from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.assign import fold_numbers
from imgcls.data.splits.units import contents_of, units_a_class, units_of
from imgcls.training.transfer.links import Sigmoids, Softmax
from imgcls.training.transfer.logistic_regression import Examples, Head
from imgcls.training.transfer.plan import ON_FEATURES
from imgcls.training.transfer.probe import drawn

FOLDS, MANY_IMAGES, FOLDS_OF_MANY = 5, 1000, 3  # that the penalty is chosen by, and of as many images or more


def why_not_fitted(config: TrainConfig) -> str:
    """The option that asks for a head which no logistic regression is; empty if there is none."""
    if config.training.loss != "cross_entropy":
        return f"--loss {config.training.loss}"
    if config.network.regularizer:
        return f"--regularizer {config.network.regularizer}"
    if config.network.dropout and config.network.plan in ON_FEATURES:
        return f"--dropout {config.network.dropout:g}"
    if config.patches.adaptation_units:
        return f"--adaptation-units {config.patches.adaptation_units}"
    return ""


def head_folds(manifest: Manifest, seed: int) -> np.ndarray:
    """Divide the training images into folds, by which the penalty of the head is chosen.

    Each class is divided alike; groups, copies of an image, and crops of one are kept together.

    Args:
        manifest: the images.
        seed: of the draw.

    Returns:
        (training images,) the fold of each, from 0; -1 for those that are not needed.
    """
    rows = manifest.split("train")
    places = drawn(len(rows), seed)
    some = rows.iloc[places]
    units = units_of(Manifest(some, manifest.root))
    units.index = some.index
    most = FOLDS_OF_MANY if len(some) >= MANY_IMAGES else FOLDS
    count = min(
        most, *_divisible(units_a_class(contents_of(units, some)), several=not (some["labels"].str.len() == 1).all())
    )
    found = np.full(len(rows), -1)
    found[places] = fold_numbers(some, units, max(count, 1), seed)
    return found


def _divisible(units: Mapping[str, int], several: bool) -> list[int]:
    """In how many parts each class can be divided; of several labels an image, one that cannot be holds up no other."""
    return [count for count in units.values() if count > 1 or not several] or [1]


def head_examples(
    views: Sequence[np.ndarray],
    labels: np.ndarray,
    folds: np.ndarray,
    balance: Balance,
    *,
    smoothing: float = 0.0,
    positive_weights: np.ndarray | None = None,
) -> Examples:
    """The examples that a head is fitted on.

    Args:
        views: features (N, F) of the images as they are, then of each other view; an image that could not be read has
            a row of NaN.
        labels: (N,) class indices; (N, classes) bool where an image has any number of classes.
        folds: (N,), as `head_folds` gives them.
        balance: what is done about classes of different size.
        smoothing: label smoothing.
        positive_weights: (classes,) of the binary losses; None: 1.
    """
    features = np.concatenate(views)
    readable, several = np.isfinite(features).all(axis=1), labels.ndim == 2
    labels, folds = np.concatenate([labels] * len(views)), np.tile(folds, len(views))
    offsets = balance.logit_offsets
    every = Examples(
        features,
        labels,
        weights=np.ones(len(labels)) if several else balance.image_weights[labels],
        plain=np.arange(len(labels)) < len(views[0]),
        folds=folds,
        offsets=np.zeros(len(balance.counts)) if offsets is None else offsets,
        smoothing=smoothing,
        link=Sigmoids(positive_weights) if several else Softmax(),
    )
    return every if readable.all() else every.take(readable)


def kernel_and_bias(model: keras.Model, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the layer "logits", with which the scores are those of a head.

    Args:
        model: the classifier; where its features are standardized before the layer, that is undone.
        head: on the features as they are.

    Returns:
        (F, classes) and (classes,), float32.
    """
    kernel, bias = head.kernel, head.bias
    standardization = next((layer for layer in model.layers if layer.name == "depth_standardization"), None)
    if standardization is not None:
        mean = np.ravel(standardization.mean).astype(np.float64)
        deviation = np.sqrt(np.ravel(standardization.variance).astype(np.float64))
        kernel, bias = kernel * deviation[:, None], bias + mean @ kernel
    return kernel.astype(np.float32), bias.astype(np.float32)


def facts(head: Head) -> dict[str, Any]:
    """Everything about it but its numbers."""
    return {name: value for name, value in asdict(head).items() if name not in ("kernel", "bias")}


def sentence(head: Head, views: int) -> str:
    """How it came about."""
    seen = "the images" if views == 1 else f"{views} views of the images"
    kind = "a logistic regression" if head.penalties is None else "a logistic regression of each class"
    chosen = "with a penalty that nothing was left out to choose by"
    if head.left_out_loss is not None and head.penalties is not None:
        least, most = min(head.penalties), max(head.penalties)
        chosen = (
            f"each class has the best of {head.tried} penalties ({least:.2g} to {most:.2g}), with a log loss of "
            f"{head.left_out_loss:.3f} on the images that were left out"
        )
    elif head.left_out_accuracy is not None:
        chosen = (
            f"its penalty {head.penalty:.2g} was the best of {head.tried}, with {100 * head.left_out_accuracy:.1f} % "
            "of the images right that were left out"
        )
    return f"The head is the optimum of {kind} on {seen}, found in {head.steps} steps; {chosen}."
