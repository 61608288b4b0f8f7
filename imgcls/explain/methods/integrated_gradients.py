"""Integrated gradients: the score of the image less that of a black one, divided among the pixels."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import explained_score
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.methods.traced import in_batches, traced
from imgcls.explain.network import Network


def integrated_gradients(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions
) -> Heatmaps:
    """The gradients on the straight path from a black image to the image, integrated by each pixel; see `Compute`.

    Black is 0 in pixels, whatever the network standardizes them to. The integral is taken by Gauss and Legendre's
    rule with `options.steps` points.

    Figures:
        image_score: The score of the image.
        baseline_score: That of the black one.
        completeness_error: How far the map's sum is from the difference of both, as a share of it.

    Reference:
        Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, 2017, sections 3 and 5.
    """

    def summed_gradients(points: tf.Tensor, weights: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            score = explained_score(network.run(points), scores)
        return tf.einsum("n,nhwc->hwc", weights, tape.gradient(score, points))

    places, weights = (each.astype(np.float32) for each in path_points(options.steps))
    graph = traced(summed_gradients, pixels, weights, coefficients)
    found = np.zeros(pixels.shape, np.float32)
    for index, image in enumerate(pixels):
        for part in batches(options.steps, options.batch_size):
            points = places[part, None, None, None] * image
            found[index] += graph(
                points, weights[part], np.repeat(coefficients[index : index + 1], len(points), axis=0)
            ).numpy()
        options.on_progress(index + 1)
    values = (pixels * found).sum(-1)
    return Heatmaps(values, figures=_figures(network, pixels, coefficients, options, values))


def path_points(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in (0, 1) and weights, which sum up to 1, of Gauss and Legendre's rule; both (steps,)."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    return (places + 1) / 2, weights / 2


def _figures(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions, values: np.ndarray
) -> dict[str, np.ndarray]:
    def scores(some: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        return explained_score(network.run(some), counted)

    image, baseline = (
        in_batches(scores, [each, coefficients], options.batch_size) for each in (pixels, np.zeros_like(pixels))
    )
    difference = image - baseline
    missing = np.abs(values.sum((1, 2)) - difference)
    return {
        "image_score": image,
        "baseline_score": baseline,
        "completeness_error": missing / np.maximum(np.abs(difference), 1e-12),
    }


METHOD = Method(
    "integrated_gradients",
    "Integrated gradients",
    integrated_gradients,
    "pixels",
    signed=True,
    paper="Sundararajan et al., 2017",
)
