"""A function of tensors as a graph, traced once for batches of any size."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.explain.methods.method import batches
from imgcls.models.recursion import deep_networks
from imgcls.progress import ProgressFunction, no_progress


@deep_networks()
def traced(function: Callable[..., Any], *examples: np.ndarray) -> Callable[..., Any]:
    """The function as a graph.

    Each call makes a graph of its own. TensorFlow warns of that where a `tf.function` is called, because it takes them
    for retraces of one; here they are not.

    Args:
        function: Of tensors, to tensors.
        examples: One array for each argument, for its type and shape; the first axis, the batch, may have any length.

    Returns:
        A function of arrays or tensors, to what `function` returns.

    Example:
        >>> double = traced(lambda x: 2 * x, np.zeros((1, 2), np.float32))
        >>> double(np.ones((3, 2), np.float32)).shape
        TensorShape([3, 2])
    """
    kinds = [(None, *example.shape[1:]) for example in examples], [example.dtype for example in examples]
    graph = tf.function(function).get_concrete_function(*map(tf.TensorSpec, *kinds))

    def call(*arguments: np.ndarray | tf.Tensor) -> Any:
        return graph(*(tf.convert_to_tensor(each, dtype) for each, dtype in zip(arguments, kinds[1], strict=True)))

    return call


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
    if not len(arrays[0]):
        raise ValueError("There is no image to explain; give one at least.")
    graph = traced(function, *arrays)
    slices = batches(len(arrays[0]), batch_size, on_progress)
    return np.concatenate([graph(*(array[part] for array in arrays)).numpy() for part in slices])
