"""The random numbers of other packages' layers, answered from the seed of an image.

keras-cv and Keras draw from states that each call moves on, so no image would be drawn the same way again. While a
layer is traced within `answered`, each of its draws is a stateless operation instead, seeded by the seed of the image,
the number of the draw in the trace, and the number of the turn if the draw stands in a loop.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import keras
import tensorflow as tf

_current: ContextVar[_Answers | None] = ContextVar("answers", default=None)
_lock = threading.RLock()  # the functions that are replaced belong to the whole process


@contextmanager
def answered(seed: tf.Tensor) -> Iterator[None]:
    """Within, what this thread draws by TensorFlow's and Keras' stateful functions comes from a seed.

    Other threads draw as they did.

    Args:
        seed: (2,), int64. The same seed gives the same numbers to the same trace.

    Raises:
        ValueError: Within, Python's own random numbers are asked for: a graph would hold what it was traced with.
    """
    ensure_generator()
    with _lock, ExitStack() as stack:
        for owner, name, answer in _ANSWERS:
            original = getattr(owner, name)
            stack.callback(setattr, owner, name, original)
            setattr(owner, name, _either(original, answer))
        token = _current.set(_Answers(seed))
        try:
            yield
        finally:
            _current.reset(token)


def ensure_generator() -> None:
    """Give TensorFlow a global generator where it makes none by itself, as in a process that had a deterministic run.

    Layers of keras-cv ask for it when they are made. What they draw is answered from seeds, so its state plays no part.
    """
    with tf.init_scope():
        try:
            tf.random.get_global_generator()
        except RuntimeError:
            tf.random.set_global_generator(tf.random.Generator.from_seed(0))


class _Answers:
    """The draws of one trace. seed: (2,), int64."""

    def __init__(self, seed: tf.Tensor) -> None:
        self._seed, self._count = seed, 0
        self._turns: list[tf.Tensor] = []

    def seed(self) -> tf.Tensor:
        """The seed of the next draw: (2,), int64."""
        self._count += 1
        seed = self._seed + tf.constant([0, self._count], tf.int64)
        for turn in self._turns:
            seed = tf.random.experimental.stateless_fold_in(seed, turn)
        return seed

    @contextmanager
    def turn(self, number: tf.Tensor) -> Iterator[None]:
        """Within, draws belong to one turn of a loop."""
        self._turns.append(number)
        yield
        self._turns.pop()


def _either(original: Callable[..., Any], answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        answers = _current.get()
        return original(*args, **kwargs) if answers is None else answer(answers, *args, **kwargs)

    return chosen


def _uniform(
    answers: _Answers, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = tf.float32, **_: Any
) -> Any:
    return tf.random.stateless_uniform(shape, answers.seed(), minval, maxval, dtype)


def _normal(
    answers: _Answers, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = tf.float32, **_: Any
) -> Any:
    return tf.random.stateless_normal(shape, answers.seed(), mean, stddev, dtype)


def _gamma(answers: _Answers, shape: Any, alpha: Any, beta: Any = None, dtype: Any = tf.float32, **_: Any) -> Any:
    alpha = tf.convert_to_tensor(alpha, dtype)
    every = tf.concat([tf.cast(tf.convert_to_tensor(shape, tf.int32), tf.int32), tf.shape(alpha)], 0)
    return tf.random.stateless_gamma(every, answers.seed(), alpha, beta, dtype)


def _shuffle(answers: _Answers, value: Any, **_: Any) -> Any:
    return tf.random.experimental.stateless_shuffle(value, answers.seed())


def _of_generator(answer: Callable[..., Any]) -> Callable[..., Any]:
    return lambda answers, generator, *args, **kwargs: answer(answers, *args, **kwargs)


_while_loop = tf.while_loop


def _counted_loop(
    answers: _Answers,
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Sequence[Any],
    shape_invariants: Sequence[Any] | None = None,
    **options: Any,
) -> Any:
    """`tf.while_loop`, whose turns have draws of their own."""

    def counted(turn: tf.Tensor, *values: Any) -> tuple[Any, ...]:
        with answers.turn(turn):
            after = body(*values)
        return (turn + 1, *(after if isinstance(after, list | tuple) else (after,)))

    shapes = None if shape_invariants is None else [tf.TensorShape(()), *shape_invariants]
    start = [tf.constant(0), *loop_vars]
    return _while_loop(lambda turn, *values: cond(*values), counted, start, shapes, **options)[1:]


def _refused(answers: _Answers, *args: Any, **kwargs: Any) -> Any:
    raise ValueError(
        "it draws with Python's random, once for the whole graph, so all images of a run would be changed in one way "
        "and those of a resumed run in another"
    )


_ANSWERS: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (tf.random, "uniform", _uniform),
    (tf.random, "normal", _normal),
    (tf.random, "gamma", _gamma),
    (tf.random, "shuffle", _shuffle),
    (tf.random.Generator, "uniform", _of_generator(_uniform)),
    (tf.random.Generator, "normal", _of_generator(_normal)),
    (keras.random.SeedGenerator, "next", lambda answers, generator, ordered=True: answers.seed()),
    (tf, "while_loop", _counted_loop),
    *((random, name, _refused) for name in ("choice", "choices", "random", "sample", "shuffle", "uniform")),
)
