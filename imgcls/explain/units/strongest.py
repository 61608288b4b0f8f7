"""The positions that excite each unit of a layer most, found in one pass over images that need not fit in memory."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from imgcls.explain.network import Network
from imgcls.progress import ProgressFunction, no_progress

Batches = Iterable[tuple[np.ndarray, Sequence[str]]]  # pixels (B, H, W, C) float32 in [0, 255]; the names of B images


class Strongest:
    """The strongest responses of the units of one layer among the images that were added, one position an image.

    Its size depends on the units and the count alone. Among equal responses (a ReLU6 saturates at 6) a hash of the
    image's name decides, so the order of the images does not matter, and no class comes first.

    Args:
        units: How many the layer has.
        count: How many positions of each are kept.

    Attributes:
        responses: (units, count), float32, falling; -inf where there were fewer images.
        images: (units, count), the number of the image in the order in which they came; -1 for none.
        positions: (units, count), row · width + column of the feature map.
        mean: (units,), of each image's strongest response, over all images.
        deviation: (units,), of the same.

    Example:
        >>> strongest = Strongest(units=1, count=2)
        >>> strongest.add(np.float32([[1], [5], [3]]), np.int32([[7], [8], [9]]), ["a", "b", "c"])
        >>> strongest.responses.tolist(), strongest.images.tolist(), strongest.positions.tolist()
        ([[5.0, 3.0]], [[1, 2]], [[8, 9]])
    """

    def __init__(self, units: int, count: int) -> None:
        self.responses = np.full((units, count), -np.inf, np.float32)
        self.images = np.full((units, count), -1, np.int64)
        self.positions = np.zeros((units, count), np.int32)
        self._hashes = np.zeros((units, count), np.uint64)
        self._sums, self._squares, self._seen = np.zeros(units), np.zeros(units), 0

    @property
    def mean(self) -> np.ndarray:
        """(units,), of each image's strongest response."""
        return np.asarray(self._sums / max(self._seen, 1))

    @property
    def deviation(self) -> np.ndarray:
        """(units,), the standard deviation of each image's strongest response."""
        return np.asarray(np.sqrt(np.maximum(self._squares / max(self._seen, 1) - np.square(self.mean), 0)))

    def add(self, responses: np.ndarray, positions: np.ndarray, names: Sequence[str]) -> None:
        """Take in the next images.

        Args:
            responses: (B, units), the strongest of each image.
            positions: (B, units), where.
            names: Of B images.
        """
        shape = responses.T.shape
        hashes = np.broadcast_to(np.array([_hash(name) for name in names], np.uint64), shape)
        images = np.broadcast_to(np.arange(self._seen, self._seen + len(names)), shape)
        old: list[np.ndarray] = [self.responses, self.images, self.positions, self._hashes]
        new: list[np.ndarray] = [responses.T, images, positions.T, hashes]
        both = [np.concatenate([one, other], 1) for one, other in zip(old, new, strict=True)]
        best = np.lexsort((both[3], -both[0]), axis=1)[:, : self.responses.shape[1]]
        kept = [np.take_along_axis(each, best, 1) for each in both]
        self.responses, self.images, self.positions, self._hashes = kept
        self._sums += responses.sum(0, np.float64)
        self._squares += np.square(responses, dtype=np.float64).sum(0)
        self._seen += len(names)


def strongest_positions(
    network: Network,
    images: Batches,
    layers: Sequence[str],
    count: int,
    on_progress: ProgressFunction = no_progress,
) -> dict[str, Strongest]:
    """The positions of all units of some layers that respond most, at most one an image.

    The images pass the network once, batch by batch; only each image's maximum of each unit leaves TensorFlow.

    Args:
        network: The classifier.
        images: Batches of pixels with the images' names.
        layers: Names of feature maps.
        count: How many positions a unit.
        on_progress: Gets how many images are done.

    Returns:
        By layer.

    Raises:
        ValueError: If there is no image, or no such layer.
    """
    maxima = _maxima(network, layers)
    found = {name: Strongest(network.layer(name).units, count) for name in layers}
    done = 0
    for pixels, names in images:
        if not len(names):
            continue
        for name, (responses, positions) in zip(layers, maxima(tf.constant(pixels, tf.float32)), strict=True):
            found[name].add(responses.numpy(), positions.numpy(), names)
        done += len(names)
        on_progress(done)
    if not done:
        raise ValueError("There is no image among which to look for patches; expected at least one.")
    return found


def _maxima(network: Network, layers: Sequence[str]) -> tf.types.experimental.PolymorphicFunction:
    """A function from pixels to each layer's maxima and their positions, both (B, units)."""
    signature = [tf.TensorSpec((None, *network.size, network.channels), tf.float32)]

    @tf.function(input_signature=signature)
    def maxima(pixels: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
        found = network.run(pixels, keep=layers).maps
        return [_maximum(found[name], network.layer(name).units) for name in layers]

    return maxima


def _maximum(feature_map: tf.Tensor, units: int) -> tuple[tf.Tensor, tf.Tensor]:
    height, width = feature_map.shape[1:3]
    by_position = tf.reshape(feature_map, (-1, height * width, units))
    return tf.reduce_max(by_position, axis=1), tf.argmax(by_position, axis=1, output_type=tf.int32)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
