"""The logits of images that are not trained on."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.training.devices.device_batches import DeviceBatches

AHEAD = 2  # batches that a device is given before the results of the first are read


class ForwardPass:
    """Computes logits on all devices of this process.

    The devices share each batch; what is missing for equal shares is filled up, and left out of the result.

    Args:
        network: from pixels or features to logits, or to a list of them, the main ones first.
        batches: divides a batch among the devices.
    """

    def __init__(self, network: keras.Model, batches: DeviceBatches) -> None:
        self.batches = batches
        self._logits = tf.function(lambda x: keras.tree.flatten(network(x, training=False))[0], autograph=False)
        self._shares = tf.function(lambda shares: batches.strategy.run(self._logits, args=(shares,)), autograph=False)

    def __call__(self, batches: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Compute the logits of batches (indices, pixels).

        Returns:
            The indices of the images that could be read (N,), and their logits (N, classes).
        """
        indices, logits, begun = [], [], []
        for index, pixels in batches:
            indices.append(np.asarray(index))
            begun.append((self._begun(tf.convert_to_tensor(pixels)), len(index)))
            if len(begun) > AHEAD:
                logits.append(self._read(*begun.pop(0)))
        logits += [self._read(*each) for each in begun]
        return np.concatenate(indices), np.concatenate(logits)

    def _begun(self, pixels: tf.Tensor) -> Any:
        """What the devices compute; a GPU may still be at it."""
        devices = self.batches.devices
        if devices == 1:
            return self._logits(pixels)
        share = -(-len(pixels) // devices)
        pixels = tf.pad(pixels, [[0, share * devices - len(pixels)], *[[0, 0]] * (len(pixels.shape) - 1)])
        return self._shares(self.batches.divided(pixels))

    def _read(self, computed: Any, images: int) -> np.ndarray:
        whole: np.ndarray = computed.numpy() if self.batches.devices == 1 else self.batches.whole(computed)
        return whole[:images]
