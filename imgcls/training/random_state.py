"""The random state of layers such as dropout: other numbers on each device, the same ones when asked to.

A seed generator of Keras has one state, of which each device of a strategy has an equal copy: left alone, all devices
would drop the same units. The devices of a step are traced by threads that take turns, so what is pinned is pinned for
one thread.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import keras
import tensorflow as tf

from imgcls.framework_internals import seed_generators

APART = 1_000_003  # between the seeds of neighbouring devices

_of_this_thread = threading.local()


def draw_by_device(model: keras.Model) -> None:
    """Let each device draw for itself. What the first one draws, and the generators' states, are as before."""
    for generator in seed_generators(model):
        generator.next = partial(_next, generator)


@contextmanager
def pinned(generators: Sequence[keras.random.SeedGenerator], seeds: Sequence[tf.Tensor]) -> Iterator[None]:
    """Within, in this thread, each of the generators gives its seed and leaves its state alone.

    The generators are of a model that `draw_by_device` has seen.
    """
    before = getattr(_of_this_thread, "seeds", {})
    _of_this_thread.seeds = before | {id(generator): seed for generator, seed in zip(generators, seeds, strict=True)}
    try:
        yield
    finally:
        _of_this_thread.seeds = before


def _next(generator: keras.random.SeedGenerator, ordered: bool = True) -> tf.Tensor:
    seeds = getattr(_of_this_thread, "seeds", {})
    if id(generator) in seeds:
        return seeds[id(generator)]
    seed = type(generator).next(generator, ordered)
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    return seed + tf.stack([tf.cast(APART * context.replica_id_in_sync_group, seed.dtype), tf.zeros((), seed.dtype)])
