"""A function of tensors as a graph, traced once."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from imgcls.explain.methods.method import batches
from imgcls.models.recursion import deep_networks
from imgcls.progress import ProgressFunction, no_progress

Arrays = Callable[..., tuple[np.ndarray, ...]]


@deep_networks()
def traced(function: Callable[..., Sequence[tf.Tensor]], *examples: np.ndarray) -> Arrays:
    """The function as a graph for a number of rows at once, into which fewer rows are filled up.

    The number is fixed because TensorFlow 2.21 ends the process at some gradients of batches of unknown size, such as
    those of AlexNet's convolutions in groups (`MklLayoutRewritePass`). Each call makes a graph of its own; a
    `tf.function` would warn of that as of retraces.

    Args:
        function: Of tensors, to tensors with a row for each row of the first one.
        examples: One array for each argument, with the most rows that come at once.

    Returns:
        A function of arrays with at most as many rows, to arrays.

    Example:
        >>> double = traced(lambda x: [2 * x], np.zeros((3, 2), np.float32))
        >>> double(np.ones((2, 2), np.float32))[0].shape
        (2, 2)
    """
    shapes, types = [each.shape for each in examples], [each.dtype for each in examples]
    graph = tf.function(function).get_concrete_function(*map(tf.TensorSpec, shapes, types))

    def call(*arguments: np.ndarray) -> tuple[np.ndarray, ...]:
        filled = [_filled(each, len(example)) for each, example in zip(arguments, examples, strict=True)]
        found = graph(*map(tf.convert_to_tensor, filled, types))
        return tuple(each.numpy()[: len(arguments[0])] for each in found)

    return call


def _filled(rows: np.ndarray, count: int) -> np.ndarray:
    """As many rows, the last one repeated."""
    missing = count - len(rows)
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows


def in_batches(
    function: Callable[..., tf.Tensor],
    arrays: Sequence[np.ndarray],
    batch_size: int,
    on_progress: ProgressFunction = no_progress,
) -> np.ndarray:
    """What a function of tensors gives for each image, computed for some images at once.

    Args:
        function: Gets the rows of each array that belong to some images; returns (b, ...). It is traced once.
        arrays: Each (B, ...).
        batch_size: The most images at once, which bounds the memory.
        on_progress: Gets how many images are done.

    Returns:
        (B, ...).

    Raises:
        ValueError: If there is no image.

    Example:
        >>> in_batches(lambda x: x + 1, [np.arange(5)], batch_size=2).tolist()
        [1, 2, 3, 4, 5]
    """
    count = len(arrays[0])
    if not count:
        raise ValueError("There is no image to explain; give one at least.")
    at_once = -(-count // -(-count // batch_size))  # batches of the same size, so that few rows are filled up
    graph = traced(lambda *rows: [function(*rows)], *(array[:at_once] for array in arrays))
    slices = batches(count, at_once, on_progress)
    return np.concatenate([graph(*(array[part] for array in arrays))[0] for part in slices])


def rows_like(array: np.ndarray, count: int) -> np.ndarray:
    """An example for `traced`: `count` rows of the shape and type of the array's."""
    return np.zeros((count, *array.shape[1:]), array.dtype)
