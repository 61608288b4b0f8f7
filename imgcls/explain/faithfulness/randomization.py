"""The check with random weights: a map that a network gives before it has learned anything explains no answer."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.stats import rankdata

from imgcls.explain.faithfulness.references import scrambled
from imgcls.explain.network import Network
from imgcls.models.recursion import deep_networks

SAMPLES = 8  # images that the statistics of batch normalization are taken from


def random_network(network: Network, seed: int = 0) -> Network:
    """The same network as if it had learned nothing. One serves for all images and methods.

    Kernels are drawn anew (He et al., 2015), all else begins as its initializer says. What is measured from data
    before the first layer with weights, such as the mean of pixels, is kept. The statistics of batch normalization
    are those of noise with the spectrum of photos (1/f), so that signals neither vanish nor overflow on the way.

    Args:
        network: A trained classifier.
        seed: Of the weights.

    Reference:
        Adebayo et al., Sanity Checks for Saliency Maps, 2018, section 4: model parameter randomization test.

    Example:
        >>> from imgcls.models import build_model
        >>> trained = Network(build_model("lenet5", class_names=["cat", "dog"]))
        >>> random_network(trained).class_names
        ['cat', 'dog']
    """
    rng = np.random.default_rng(seed)
    random = Network(_fresh(network.model))
    _draw_weights(random.model, network.model, rng)
    noise = np.stack([_photo_noise(network.size, network.channels, rng) for _ in range(SAMPLES)])
    random.run(tf.constant(noise), rule=_with_measured_statistics)
    return random


def likeness(map_: np.ndarray, other: np.ndarray, signed: bool = False) -> float:
    """How alike two heat maps are: Spearman's rank correlation of their pixels.

    Args:
        map_: (H, W).
        other: (H, W), of the network with random weights.
        signed: Whether the sign says for or against. Absolute values are compared then, because a network that has
            learned nothing gives the sign by chance.

    Returns:
        In [-1, 1]; 0 where a map is constant or not finite, which is like nothing.

    Reference:
        Adebayo et al., 2018, section 4.1.

    Example:
        >>> likeness(np.array([[1.0, 2.0, 9.0]]), np.array([[0.1, 0.2, 0.3]]))
        1.0
    """
    one, two = (np.abs(each) if signed else each for each in (map_, other))
    if not (np.isfinite(one).all() and np.isfinite(two).all()) or np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return round(float(np.corrcoef(rankdata(one), rankdata(two))[0, 1]), 12)


@deep_networks()
def _fresh(model: keras.Model) -> keras.Model:
    def untrained(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        return type(layer).from_config({**config, "trainable": True} if "trainable" in config else config)

    return keras.models.clone_model(model, clone_function=untrained)


def _draw_weights(random: keras.Model, trained: keras.Model, rng: np.random.Generator) -> None:
    for ours, theirs in zip(random.layers, trained.layers, strict=True):
        if ours.weights and not ours.trainable_weights and not _is_batch_normalization(ours):
            ours.set_weights(theirs.get_weights())
        for weight in ours.trainable_weights:
            value = np.asarray(weight)
            if value.ndim > 1 and ("kernel" in weight.name or np.ptp(value) > 0):
                fan_in = np.prod(value.shape[:2] if "depthwise" in weight.path else value.shape[:-1])
                weight.assign(rng.normal(0.0, np.sqrt(2.0 / fan_in), value.shape))


def _photo_noise(size: tuple[int, int], channels: int, rng: np.random.Generator) -> np.ndarray:
    """(H, W, C), float32 in [0, 255]: noise whose amplitude falls with 1/frequency, as in photos (Field, 1987)."""
    rows, columns = (np.linspace(-1.0, 1.0, side) for side in size)
    peak = 1.0 / (np.hypot(*np.meshgrid(rows, columns, indexing="ij")) + 1.0 / max(size))
    noise = np.stack([scrambled(peak, rng) for _ in range(channels)], axis=-1)
    pixels: np.ndarray = np.clip(127.5 + 60.0 * noise / noise.std(), 0.0, 255.0).astype(np.float32)
    return pixels


def _is_batch_normalization(layer: Any) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _with_measured_statistics(layer: Any) -> Callable[..., tf.Tensor]:
    """A rule of `Network.run` by which batch normalization takes the statistics of what comes, and keeps them."""

    def normalize(inputs: tf.Tensor, *arguments: Any, **keywords: Any) -> tf.Tensor:
        axes = [axis for axis in range(len(inputs.shape)) if axis != layer.axis % len(inputs.shape)]
        layer.moving_mean.assign(tf.reduce_mean(inputs, axes))
        layer.moving_variance.assign(tf.math.reduce_variance(inputs, axes))
        return layer(inputs, *arguments, **keywords)

    return normalize if _is_batch_normalization(layer) else layer
