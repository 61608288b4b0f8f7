"""The random numbers of one image: a pure function of the seed and the place in the run."""

import tensorflow as tf

STREAMS = (  # add at the end only: a new step then changes the draws of no other
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
WIDTH = 24  # numbers a stream


class Draws:
    """The draws of one image, a stream for each step.

    seed: (2,) int64, the run's seed and the position in the run. Same seed, same numbers, whatever ran before.
    """

    def __init__(self, seed: tf.Tensor):
        self._seed = seed
        self._table = tf.random.stateless_uniform((len(STREAMS), WIDTH), seed)

    def __call__(self, stream: str, place: int = 0) -> tf.Tensor:
        """A number in [0, 1)."""
        return self._table[STREAMS.index(stream), place]

    def many(self, stream: str, begin: int, count: int) -> tf.Tensor:
        """`count` numbers in [0, 1), from the place `begin` on."""
        return self._table[STREAMS.index(stream), begin : begin + count]

    def signed(self, stream: str, place: int = 0) -> tf.Tensor:
        """A number in [-1, 1)."""
        return 2 * self(stream, place) - 1

    def seed(self, stream: str) -> tf.Tensor:
        """A seed for TensorFlow's own stateless operations."""
        return tf.random.experimental.stateless_fold_in(self._seed, STREAMS.index(stream))
