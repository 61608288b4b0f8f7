"""The random numbers of one image: a pure function of the seed and the position in the run."""

import zlib

import tensorflow as tf

STREAMS = (  # these share one table, in this order; any other stream is drawn from its name, so nothing is added here
    "region",
    "horizontal_flip",
    "vertical_flip",
    "warp",
    "color",
    "pca_color",
    "randaugment",
    "augmix",
    "noise",
    "blur",
    "jpeg",
    "random_erasing",
    "gridmask",
    "mixing",
)
WIDTH = 24  # numbers of a stream


class Draws:
    """The random numbers of one image: a stream of 24 for each step, so that no step changes another one's numbers.

    Args:
        seed: (2,), int64: the run's seed and the image's position in the run. The same seed gives the same numbers,
            whatever ran before.

    Example:
        >>> import tensorflow as tf
        >>> draws = Draws(tf.constant([0, 17], tf.int64))
        >>> bool(draws("rotation", 3) == draws("rotation", 3))
        True
    """

    def __init__(self, seed: tf.Tensor) -> None:
        self._seed = seed
        self._table = dict(
            zip(STREAMS, tf.unstack(tf.random.stateless_uniform((len(STREAMS), WIDTH), seed)), strict=True)
        )

    def _stream(self, stream: str) -> tf.Tensor:
        if stream in self._table:
            return self._table[stream]
        return tf.random.stateless_uniform((WIDTH,), self.seed(f"numbers of {stream}"))

    def __call__(self, stream: str, place: int = 0) -> tf.Tensor:
        """The number in [0, 1) at a place of the stream."""
        return self._stream(stream)[place]

    def many(self, stream: str, begin: int, count: int) -> tf.Tensor:
        """The `count` numbers in [0, 1) of the stream from the place `begin` on: (count,)."""
        return self._stream(stream)[begin : begin + count]

    def signed(self, stream: str, place: int = 0) -> tf.Tensor:
        """The number in [-1, 1) at a place of the stream."""
        return 2 * self(stream, place) - 1

    def seed(self, stream: str) -> tf.Tensor:
        """The stream's seed for TensorFlow's own stateless operations: (2,), int64."""
        number = STREAMS.index(stream) if stream in STREAMS else zlib.crc32(stream.encode()) >> 1
        return tf.random.experimental.stateless_fold_in(self._seed, number)  # below 2^31: TensorFlow takes it as int32
