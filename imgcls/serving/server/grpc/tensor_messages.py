"""TensorFlow's message of a tensor, TensorProto, to an array and back."""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.server.core.answer_size import value_bytes
from imgcls.serving.server.request_error import TOO_LARGE, RequestError

MOST_BYTES = 64 << 20  # of an array, or
MOST_TIMES = 8  # the size of its message: one of some bytes may announce any shape, filled with one value
PACKED = {"float32": (5, "<f4"), "float64": (6, "<f8"), "bool": (11, "?")}  # field of TensorProto with the raw values
LISTED = {"int32": "int_val", "int64": "int64_val"}
PACKED_KIND = 2  # of a field in a message: a length, then bytes


def read_inputs(messages: Mapping[str, TensorProto], definition: SignatureDef) -> dict[str, np.ndarray]:
    """Read the tensors of a request.

    Args:
        messages: By name.
        definition: Of the signature that is called.

    Returns:
        The arrays by name. Strings are bytes in arrays of objects.

    Raises:
        RequestError: If names or types are not those of the signature, in the words of the official server, or if a
            message contradicts itself.
    """
    _check_names(set(messages), set(definition.inputs), has_defaults=bool(definition.defaults))
    given = {name: definition.defaults[name] for name in set(definition.defaults) - set(messages)} | dict(messages)
    return {name: _read(name, message, definition.inputs[name].dtype) for name, message in given.items()}


def write_tensor(message: TensorProto, values: np.ndarray) -> None:
    """Write an array into a message, in the fields that the official server uses by default.

    Args:
        message: An empty one.
        values: The array. Strings are bytes in an array of objects.
    """
    kind = values.dtype.name
    if kind not in ("object", *PACKED, *LISTED):
        message.CopyFrom(tf.make_tensor_proto(values))
        return
    message.dtype = tf.as_dtype(tf.string if kind == "object" else kind).as_datatype_enum
    for size in values.shape:
        message.tensor_shape.dim.add(size=size)
    if kind == "object":
        message.string_val.extend(values.ravel().tolist())
    elif kind in LISTED:
        getattr(message, LISTED[kind]).extend(values.ravel().tolist())
    else:
        _write_packed(message, *PACKED[kind], values)


def _write_packed(message: Message, field: int, kind: str, values: np.ndarray) -> None:
    """Repeated numbers of fixed size lie in a message one behind the other, as they do in the array."""
    content = np.ascontiguousarray(values, kind).tobytes()
    if content:
        message.MergeFromString(_varint(field << 3 | PACKED_KIND) + _varint(len(content)) + content)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _check_names(sent: set[str], wanted: set[str], *, has_defaults: bool) -> None:
    if sent == wanted or (has_defaults and sent < wanted):
        return
    extra, missing = sorted(sent - wanted), sorted(wanted - sent)
    raise RequestError(
        f"input size does not match signature: {len(sent)}!={len(wanted)} "
        f"len({{{','.join(sorted(sent))}}}) != len({{{','.join(sorted(wanted))}}}). "
        f"Sent extra: {{{','.join(extra)}}}. Missing but required: {{{','.join(missing)}}}."
    )


def _read(name: str, message: TensorProto, wanted: int) -> np.ndarray:
    try:
        found, expected = tf.as_dtype(message.dtype), tf.as_dtype(wanted)
    except TypeError as error:
        raise RequestError(f"tensor parsing error: {name}") from error
    if found != expected:
        raise RequestError(f"Expects {name} to be {expected.name} but {found.name} is provided")
    sizes = [dim.size for dim in message.tensor_shape.dim]
    if message.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise RequestError(f"tensor parsing error: {name}: a shape with unknown sizes")
    size = math.prod(sizes) * value_bytes(found)
    if size > max(MOST_BYTES, MOST_TIMES * message.ByteSize()):
        raise RequestError(f"{name} is {size >> 20:,} MiB when it is unpacked, more than its message holds.", TOO_LARGE)
    try:
        values: np.ndarray = _strings(message) if found == tf.string else tf.make_ndarray(message)
    except OverflowError as error:  # the official server takes the lowest bits of the value
        raise RequestError(f"tensor parsing error: {name}: a value that {found.name} cannot hold") from error
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise RequestError(f"tensor parsing error: {name}: its values do not fill the shape {sizes}") from error
    return values


def _strings(message: TensorProto) -> np.ndarray:
    """Strings; those that are left out altogether, or packed as TensorFlow in C++ does it, TensorFlow itself reads."""
    if message.string_val:
        return np.asarray(tf.make_ndarray(message))
    return np.asarray(tf.io.parse_tensor(message.SerializeToString(), tf.string).numpy(), object)
