"""Windows of a photo that are cut out and classified by themselves, in batches."""

from itertools import islice, product

import numpy as np
import tensorflow as tf

from imgcls.explain.large_photo.classified import Classified
from imgcls.explain.large_photo.sliding_plan import SlidingPlan
from imgcls.explain.network import Network
from imgcls.progress import ProgressFunction, no_progress


class WindowByWindow:
    """The probabilities of all windows of some pixels.

    Args:
        network: The classifier.
        plan: Of the way "windows".
        batch_size: Windows that pass the network at once.
    """

    def __init__(self, network: Network, plan: SlidingPlan, batch_size: int) -> None:
        self._plan, self._batch_size = plan, batch_size

        def compute(pixels: tf.Tensor) -> tf.Tensor:
            return network.probabilities(network.run(pixels).logits)

        spec = tf.TensorSpec((None, *network.size, network.channels), tf.float32)
        self._compute = tf.function(compute, input_signature=[spec], autograph=False)

    def __call__(self, pixels: np.ndarray, on_progress: ProgressFunction = no_progress) -> Classified:
        """Classify every window.

        Args:
            pixels: (H, W, C), float32 in [0, 255]; H and W are the window's and a multiple of the stride more.
            on_progress: Gets how many windows are done, and how many there are.
        """
        (height, width), (down, across) = self._plan.window, self._plan.stride
        tops = range(0, pixels.shape[0] - height + 1, down)
        lefts = range(0, pixels.shape[1] - width + 1, across)
        corners = iter(product(tops, lefts))
        found = []
        while some := list(islice(corners, self._batch_size)):
            batch = np.stack([pixels[top : top + height, left : left + width] for top, left in some])
            found.append(self._compute(tf.constant(batch, tf.float32)).numpy())
            on_progress(sum(map(len, found)), len(tops) * len(lefts))
        maps = np.concatenate(found).reshape(len(tops), len(lefts), -1)
        return Classified(maps, len(tops) * len(lefts) * height * width)
