"""SmoothGrad: gradient saliency, averaged over noisy copies of the image."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import explained_score
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.methods.saliency import strongest_channel
from imgcls.explain.methods.traced import rows_like, traced
from imgcls.explain.network import Network


def smoothgrad(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The largest absolute value over the channels of each pixel's mean gradient; see `Compute`.

    Reference:
        Smilkov et al., SmoothGrad: Removing Noise by Adding Noise, 2017, section 3.
    """

    def gradients(noisy: tf.Tensor, scores: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(noisy)
            score = explained_score(network.run(noisy), scores)
        return [tape.gradient(score, noisy)]

    at_once = min(options.batch_size, options.samples)
    graph = traced(gradients, rows_like(pixels, at_once), rows_like(coefficients, 1))
    found = np.zeros(pixels.shape, np.float32)
    for index, image in enumerate(pixels):
        for part in batches(options.samples, at_once):
            noisy = noisy_copies(image, range(part.start, part.stop), options)
            found[index] += graph(noisy, coefficients[index : index + 1])[0].sum(0)
        options.on_progress(index + 1)
    return Heatmaps(strongest_channel(found / options.samples))


def noisy_copies(image: np.ndarray, numbers: range, options: MethodOptions) -> np.ndarray:
    """Copies of an image with Gaussian noise; copy number n has the same noise whatever else is drawn.

    Args:
        image: (H, W, C).
        numbers: Of the copies.
        options: Of these, the noise and the seed.

    Returns:
        (copies, H, W, C), float32, not clipped to [0, 255], as in the paper.
    """
    spread = options.noise * (image.max() - image.min())
    noise = [np.random.default_rng([options.seed, n]).standard_normal(image.shape, np.float32) for n in numbers]
    copies: np.ndarray = image + np.float32(spread) * np.stack(noise)
    return copies


METHOD = Method("smoothgrad", "SmoothGrad", smoothgrad, "pixels", signed=False, paper="Smilkov et al., 2017")
