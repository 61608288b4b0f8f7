"""Now and then one image of the callers also gets its embedding, so that drift is seen at almost no cost."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from imgcls.serving.signatures import EMBEDDING, IMAGE_BYTES

log = logging.getLogger(__name__)
Ask = Callable[[str, Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]  # a signature by name, with its inputs


class DriftSampler:
    """Computes the embedding of one image in so many seconds, whatever the load, in a thread of its own.

    Args:
        seconds: Between two images.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0  # of time.monotonic
        self._thread = ThreadPoolExecutor(1, "drift")
        self._at_work: Future[None] | None = None

    def offer(self, inputs: Mapping[str, np.ndarray], ask: Ask, take: Callable[[np.ndarray], None]) -> None:
        """Offer the images of a request; its first one is used if it is time for one.

        Args:
            inputs: Of the request.
            ask: Answers a signature of the version that was asked.
            take: Is given the embedding, (1, D), in the other thread.
        """
        images = inputs.get(IMAGE_BYTES)
        if images is None or not images.ndim or not images.size or time.monotonic() < self._next:
            return
        if self._at_work and not self._at_work.done():
            return
        self._next = time.monotonic() + self._seconds  # two threads may come here at once: then there are two images
        self._at_work = self._thread.submit(self._embed, images[:1], ask, take)

    @staticmethod
    def _embed(images: np.ndarray, ask: Ask, take: Callable[[np.ndarray], None]) -> None:
        try:
            take(np.asarray(ask(EMBEDDING, {IMAGE_BYTES: images})[EMBEDDING]))
        except Exception as error:  # such as a version that goes meanwhile; the next image comes soon
            log.debug("No embedding: %s", error)
