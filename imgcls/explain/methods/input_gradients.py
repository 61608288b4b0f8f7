"""Gradients by the pixels, of any score that one pass through a network gives."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from imgcls.explain.methods.method import MethodOptions
from imgcls.explain.methods.traced import in_batches
from imgcls.explain.network import Network, Pass, Rule
from imgcls.explain.target import score_of
from imgcls.progress import ProgressFunction, no_progress

Objective = Callable[..., tf.Tensor]  # (pass, what is handed in for each image...) -> scores (B,)


def input_gradients(
    network: Network,
    pixels: np.ndarray,
    objective: Objective,
    rule: Rule | None = None,
    keep: Sequence[str] = (),
    per_image: Sequence[np.ndarray] = (),
    batch_size: int = 16,
    on_progress: ProgressFunction = no_progress,
) -> np.ndarray:
    """The gradient of each image's score by its pixels.

    Args:
        network: The classifier.
        pixels: (B, H, W, C), in [0, 255].
        objective: Gets the `Pass` of some images and what belongs to them of each of `per_image`; returns their scores.
        rule: What goes back through activations, as `imgcls.explain.methods.backward_rules` gives it; None for the
            gradient itself.
        keep: Names of layers whose outputs the objective reads in `Pass.maps`.
        per_image: Arrays (B, ...) that the objective needs.
        batch_size: Images that pass the network at once.
        on_progress: Gets how many images are done.

    Returns:
        (B, H, W, C), float32.

    Raises:
        ValueError: If there is no image.

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5", class_names=["cat", "dog"]))
        >>> pixels = np.zeros((2, 32, 32, 1), np.float32)
        >>> input_gradients(network, pixels, lambda passed: passed.logits[:, 1]).shape
        (2, 32, 32, 1)
    """

    def gradients(some: tf.Tensor, *handed: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(some)
            score = objective(network.run(some, keep=keep, rule=rule), *handed)
        return tape.gradient(score, some, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    return in_batches(gradients, [np.asarray(pixels, np.float32), *per_image], batch_size, on_progress)


def pixel_gradients(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions, rule: Rule | None = None
) -> np.ndarray:
    """The gradient of each image's explained score by its pixels, (B, H, W, C), float32.

    Args:
        network: The classifier.
        pixels: (B, H, W, C).
        coefficients: (B, K).
        options: Of these, the batch size and the progress.
        rule: As for `input_gradients`.
    """
    return input_gradients(
        network, pixels, explained_score, rule, (), [coefficients], options.batch_size, options.on_progress
    )


def explained_score(passed: Pass, coefficients: tf.Tensor) -> tf.Tensor:
    """The objective of methods that follow gradients: the logits, counted by (B, K) coefficients."""
    return score_of(passed.logits, coefficients)
