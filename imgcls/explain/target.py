"""What is explained: the score of a class, or of one class against another."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from imgcls.explain.network import Network


def class_scores(network: Network, names: Sequence[str], against: Sequence[str] | None = None) -> np.ndarray:
    """The coefficients of scores: what each logit counts in what is explained.

    Args:
        network: The classifier.
        names: The class of each of B images.
        against: Another class for each; the difference of both scores is explained then. "" for none.

    Returns:
        (B, K), float32: 1 at the class, -1 at the other, 0 else.

    Raises:
        ValueError: If the network does not know a class, or a class stands against itself.

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5", class_names=["cat", "dog"]))
        >>> class_scores(network, ["dog"], against=["cat"]).tolist()
        [[-1.0, 1.0]]
    """
    coefficients = np.zeros((len(names), len(network.class_names)), np.float32)
    for row, name in enumerate(names):
        coefficients[row, network.place(name)] = 1.0
    for row, (name, other) in enumerate(zip(names, against or [""] * len(names), strict=True)):
        if other and other == name:
            raise ValueError(f"{name!r} is explained against itself. Name another class after --against.")
        if other:
            coefficients[row, network.place(other)] = -1.0
    return coefficients


def score_of(outputs: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
    """The explained scores, (B,).

    Args:
        outputs: Logits or probabilities, (B, K).
        coefficients: (B, K), of `class_scores`.
    """
    return tf.reduce_sum(outputs * tf.cast(coefficients, outputs.dtype), axis=1)
