"""Several steps in one call of TensorFlow, which small networks need: there a call takes longer than its step."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from imgcls.training.step import Step
from imgcls.training.waiting import WaitingForData


class SeveralSteps:
    """Makes as many steps as it is told to, on one device, with the batches of an iterator of tf.data.

    The number is no part of the program, so the weights are the same to the bit whatever it is.

    Args:
        step: one of them.
        waiting: measures how long the last batch of each call is waited for.
        place: the device that has the batches.
    """

    def __init__(self, step: Step, waiting: WaitingForData, place: str = "CPU:0") -> None:
        self.step, self.waiting, self.place = step, waiting, place
        self._run = tf.function(self._loop, autograph=False)

    def __call__(self, batches: Iterator[Any], count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Make steps.

        Args:
            batches: (positions, inputs, targets, weights); it has at least `count`.
            count: number of steps.

        Returns:
            The positions of the examples (count, B), and the weights of their losses (count, B).
        """
        positions, weights = self._run(batches, tf.constant(count))
        return positions, weights

    def _loop(self, batches: Any, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        positions, *_, weights = batches.element_spec

        def make(number: tf.Tensor, *noted: tf.TensorArray) -> list[Any]:
            with tf.device(self.place):
                where, *values = self._timed(batches, number, count)
            with tf.control_dependencies([self.step.in_graph(*values).loss]):
                following = number + 1
            with tf.device(self.place):
                kept = [array.write(number, x) for array, x in zip(noted, (where, values[-1]), strict=True)]
            return [following, *kept]

        with tf.device(self.place):
            noted = [tf.TensorArray(spec.dtype, count, element_shape=spec.shape) for spec in (positions, weights)]
        _, *noted = tf.while_loop(
            lambda number, *noted: number < count, make, [tf.constant(0), *noted], parallel_iterations=1
        )
        with tf.device(self.place):
            return noted[0].stack(), noted[1].stack()

    def _timed(self, batches: Any, number: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """The next batch. Python looks at its clock around the last one only: each look takes as long as a small step.

        TensorFlow's own clock, `tf.timestamp`, refuses to run where operations are to be deterministic.
        """
        is_last = tf.equal(number, count - 1)
        with tf.control_dependencies([self._looks(is_last, self._asks, number)]):
            batch: tuple[tf.Tensor, ...] = batches.get_next()
        with tf.control_dependencies(batch[:1]):
            looked = self._looks(is_last, self._gets, count)
        with tf.control_dependencies([looked]):
            return tuple(tf.identity(x) for x in batch)

    def _looks(self, is_last: tf.Tensor, look: Callable[[Any], Any], steps: tf.Tensor) -> tf.Tensor:
        return tf.cond(is_last, lambda: tf.numpy_function(look, [steps], tf.int32), lambda: tf.identity(steps))

    def _asks(self, steps: Any) -> Any:
        self.waiting.asks()
        return steps

    def _gets(self, steps: Any) -> Any:
        self.waiting.gets(int(steps))
        return steps
