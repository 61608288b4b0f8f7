"""Deletion and insertion: what becomes of the score when the most salient pixels go first, or come first."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from scipy import ndimage

from imgcls.explain.faithfulness.filling import filled
from imgcls.explain.methods.method import batches
from imgcls.explain.network import Network
from imgcls.explain.target import score_of
from imgcls.progress import ProgressFunction, no_progress

STEPS = 16
DELETION, INSERTION = 0, 1
BLUR = 0.1  # of the image's sides, standard deviation
Scores = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Curves:
    """The score of B images while they are covered, and while they are uncovered, in R orders.

    Attributes:
        shares: (S + 1,), the share of the pixels that are changed, from 0 to 1.
        deletion: (R, B, S + 1), the score of the image with that share of the pixels covered.
        insertion: (R, B, S + 1), the score of the blurred image with that share of the pixels put back.
    """

    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def deletion_areas(self) -> np.ndarray:
        """(R, B), in the unit of the score. Low where the score falls at once: what went first counted."""
        return self._areas(self.deletion)

    @property
    def insertion_areas(self) -> np.ndarray:
        """(R, B), in the unit of the score. High where the score rises at once: what came first counted."""
        return self._areas(self.insertion)

    def _areas(self, curves: np.ndarray) -> np.ndarray:
        return np.asarray(np.trapezoid(curves, self.shares, axis=-1))


def explained_scores(network: Network) -> Scores:
    """A function from images to the explained score of each, traced once for batches of any size.

    It takes images, the same blurred, (B, H, W, C), the order of their pixels, (B, H, W), the share of them that is
    changed, (B,), 0 for deletion or 1 for insertion, (B,), and the coefficients of the classes, (B, K).
    """

    def scores(
        pixels: tf.Tensor, blurry: tf.Tensor, order: tf.Tensor, share: tf.Tensor, kind: tf.Tensor, classes: tf.Tensor
    ) -> tf.Tensor:
        changed = order < share[:, None, None]
        inserted = tf.where(changed[..., None], pixels, blurry)
        images = tf.where(kind[:, None, None, None] == INSERTION, inserted, filled(pixels, changed))
        return score_of(network.probabilities(network.run(images).logits), classes)

    image = (None, *network.size, network.channels)
    shapes = (image, image, image[:3], (None,), (None,), (None, len(network.class_names)))
    graph = tf.function(scores).get_concrete_function(*(tf.TensorSpec(shape, tf.float32) for shape in shapes))
    return lambda *arrays: graph(*(tf.convert_to_tensor(each, tf.float32) for each in arrays)).numpy()


def pixel_order(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """When each pixel has its turn: the share of the pixels that come before it, the highest value first.

    Equal values, such as the many zeros of a Grad-CAM, come in random order; else they would come row by row.

    Args:
        values: (H, W), finite.
        rng: Draws the order of equal values.

    Returns:
        (H, W), float32 in [0, 1).

    Example:
        >>> pixel_order(np.array([[1.0, 3.0], [0.0, 2.0]]), np.random.default_rng(0)).tolist()
        [[0.5, 0.0], [0.75, 0.25]]
    """
    order = np.empty(values.size, np.float32)
    order[np.lexsort((rng.random(values.size), -values.ravel()))] = np.arange(values.size) / values.size
    return order.reshape(values.shape)


def blurred(pixels: np.ndarray) -> np.ndarray:
    """The images without what there is to recognize, (B, H, W, C): only colors, where they about are."""
    sides = pixels.shape[1:3]
    return np.asarray(ndimage.gaussian_filter(pixels, (0, BLUR * sides[0], BLUR * sides[1], 0), mode="nearest"))


def deletion_and_insertion(
    scores: Scores,
    pixels: np.ndarray,
    coefficients: np.ndarray,
    orders: np.ndarray,
    steps: int = STEPS,
    batch_size: int = 16,
    on_progress: ProgressFunction = no_progress,
) -> Curves:
    """Cover and uncover images in several orders, and follow the score.

    Deletion fills pixels from those around them (`filled`), and insertion begins with the blurred image. A constant
    color would be no fair cover: a tenth of the pixels at random, each a gray speck, lowers the score of a photo as
    much as the loss of a salient region. For R orders an image takes 2 R (steps - 1) + 3 forward passes.

    Args:
        scores: Of `explained_scores`. Scores are probabilities: that of the class, or the difference of both.
        pixels: (B, H, W, C), float32 in [0, 255].
        coefficients: (B, K), of `imgcls.explain.target.class_scores`.
        orders: (R, B, H, W), of `pixel_order`.
        steps: Parts into which the pixels are divided, at least 2.
        batch_size: Images that pass the network at once, which bounds the memory.
        on_progress: Gets how many images are done.

    Raises:
        ValueError: If there are fewer than 2 steps.

    Reference:
        Petsiuk, Das and Saenko, RISE, 2018, section 4: causal metric.
    """
    if steps < 2:
        raise ValueError(f"steps is {steps}; expected at least 2 parts into which the pixels are divided.")
    count, shares = len(pixels), np.linspace(0.0, 1.0, steps + 1, dtype=np.float32)
    blurry = blurred(pixels)
    curves = np.empty((2, len(orders), count, steps + 1), np.float32)
    jobs = _jobs(len(orders), count, steps)
    for part in batches(len(jobs), batch_size, lambda done: on_progress(done * count // len(jobs), count)):
        kind, order, image, step = jobs[part].T
        given = orders[order, image], shares[step], kind, coefficients[image]
        curves[kind, order, image, step] = scores(pixels[image], blurry[image], *given)
    curves[:, :, :, 0] = curves[:, :1, :, 0]
    curves[DELETION, :, :, -1] = curves[DELETION, :1, :, -1]
    curves[INSERTION, :, :, -1] = curves[DELETION, 0, :, 0]
    return Curves(shares, curves[0], curves[1])


def _jobs(orders: int, count: int, steps: int) -> np.ndarray:
    """What is computed, image by image: (n, 4) of deletion or insertion, order, image, step.

    The ends of the curves do not depend on the order, and insertion ends where deletion begins.
    """
    inner = np.indices((2, orders, count, steps - 1)).reshape(4, -1).T + np.array([0, 0, 0, 1])
    distinct = ((DELETION, 0), (DELETION, steps), (INSERTION, 0))
    ends = [(kind, 0, image, step) for image in range(count) for kind, step in distinct]
    jobs = np.concatenate([inner, np.reshape(ends, (-1, 4))]).astype(int)
    return jobs[np.argsort(jobs[:, 2], kind="stable")]
