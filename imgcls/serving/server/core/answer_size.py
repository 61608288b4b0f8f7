"""How large a bundle's answer will be, by what its signature announces, so that none is computed that cannot be sent.

A request of 100 KB with a thousand tiny images becomes 600 MB of pixels by the signature "preprocess", and several
times that as JSON.
"""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from imgcls.serving.server.request_error import TOO_LARGE, RequestError

STRING_BYTES = 8  # of each place in an array of strings


def value_bytes(dtype: tf.DType) -> int:
    """Bytes of each value in an array; of a string, those of its place.

    Example:
        >>> value_bytes(tf.float32), value_bytes(tf.string)
        (4, 8)
    """
    return dtype.size or STRING_BYTES


def check_answer(outputs: Mapping[str, TensorInfo], inputs: Mapping[str, np.ndarray], most_bytes: int) -> None:
    """Check the size of an answer before it is computed.

    Args:
        outputs: As the signature announces them. One whose first size is open has a row for each row of the inputs, as
            in every bundle; any other open size counts as 1.
        inputs: Of the request, by name.
        most_bytes: Of all outputs together, as arrays.

    Raises:
        RequestError: If there are more.
    """
    rows = max((len(array) for array in inputs.values() if array.ndim), default=1)
    size = sum(_bytes(info, rows) for info in outputs.values())
    if size > most_bytes:
        raise RequestError(
            f"The answer would hold {size / 2**20:,.1f} MiB, and this server sends {most_bytes / 2**20:g}. Send fewer "
            "images at once, or start it with a larger --max-request-mib.",
            TOO_LARGE,
        )


def _bytes(info: TensorInfo, rows: int) -> int:
    first, *others = [dim.size for dim in info.tensor_shape.dim] or [1]
    sizes = [rows if first < 0 else first, *(1 if size < 0 else size for size in others)]
    return math.prod(sizes) * value_bytes(tf.as_dtype(info.dtype))
