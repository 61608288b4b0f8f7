"""TensorFloat-32: NVIDIA's cards since Ampere round float32 to 10 bits where they convolve and multiply matrices."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def without_tensor_float_32() -> Iterator[None]:
    """Within, cards compute float32 with all of its bits, which two computations need that are to agree to 1e-4.

    What XLA has compiled before stays as it is. Processors have nothing of the kind.
    """
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
