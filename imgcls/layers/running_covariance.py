"""Mean and covariance of a stream of vectors, in one pass."""

import numpy as np

BUFFER = 8_000_000  # numbers that are merged at a time: 64 MB


class RunningCovariance:
    """Mean and covariance of all vectors seen so far, in float64.

    The memory is two arrays of size x size numbers and a buffer, which gathers small batches, whatever the number of
    vectors.

    Args:
        size: Numbers in a vector.

    Reference:
        Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979.
    """

    def __init__(self, size: int) -> None:
        self._count = 0
        self._mean = np.zeros(size)
        self._scatter = np.zeros((size, size))  # sum of the outer products of the deviations from the mean
        self._product = np.empty((size, size))
        self._buffer = np.empty((max(BUFFER // size, 2), size))
        self._filled = 0

    def update(self, vectors: np.ndarray) -> None:
        """Add a batch of vectors (number of vectors, size)."""
        while len(vectors):
            taken = vectors[: len(self._buffer) - 1 - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            vectors = vectors[len(taken) :]
            if self._filled == len(self._buffer) - 1:
                self._merge()

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean (size,) and the covariance (size, size), divided by the number of vectors less one.

        It gives up its memory, so it is the last call.

        Raises:
            ValueError: Below two vectors.
        """
        self._merge()
        del self._buffer, self._product
        if self._count < 2:
            raise ValueError(f"A covariance needs at least 2 vectors, and there were {self._count}.")
        self._scatter /= self._count - 1
        return self._mean, self._scatter

    def _merge(self) -> None:
        if not self._filled:
            return
        count, self._filled = self._filled, 0
        total = self._count + count
        deviations = self._buffer[: count + 1]
        mean = deviations[:count].mean(axis=0)
        deviations[:count] -= mean
        shift = mean - self._mean
        deviations[count] = shift * np.sqrt(self._count * count / total)  # what lies between the two means
        self._scatter += np.matmul(deviations.T, deviations, out=self._product)
        self._mean += shift * (count / total)
        self._count = total
