"""Several steps in one call of TensorFlow, which small networks need: there a call takes longer than its step."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from imgcls.training.step import Step


class SeveralSteps:
    """Makes as many steps as it is told to, on one device, with the batches of an iterator of tf.data.

    The number is no part of the program, so the weights are the same to the bit whatever it is.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
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
            with tf.device("CPU:0"):
                where, *values = batches.get_next()
            with tf.control_dependencies([self.step.in_graph(*values).loss]):
                following = number + 1
            with tf.device("CPU:0"):
                kept = [array.write(number, x) for array, x in zip(noted, (where, values[-1]), strict=True)]
            return [following, *kept]

        with tf.device("CPU:0"):
            noted = [tf.TensorArray(spec.dtype, count, element_shape=spec.shape) for spec in (positions, weights)]
        _, *noted = tf.while_loop(
            lambda number, *noted: number < count, make, [tf.constant(0), *noted], parallel_iterations=1
        )
        with tf.device("CPU:0"):
            return noted[0].stack(), noted[1].stack()
