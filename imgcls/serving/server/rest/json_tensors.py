"""JSON to tensors and back, as TensorFlow Serving's REST API defines it (its document "RESTful API").

A request is in rows (`instances`, one value or object an example) or in columns (`inputs`, one tensor an input); the
response is in the same form. Bytes are {"b64": "..."}. The messages are worded as the official server words them, so
that a client may rely on either.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, TypeGuard

import numpy as np
import orjson
import tensorflow as tf

from imgcls.serving.server.request_error import NOT_IMPLEMENTED, RequestError

MOST_SHOWN = 256  # characters of a value in a message
JSON_TYPES = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number", type(None): "Null"}
EXACT = {"float32": 2**24, "float64": 2**53}  # whole numbers from there on have gaps
FLOAT_NAMES = {"float32": "float", "float64": "double"}
INFINITY = re.compile(r"-?Inf\b|-NaN\b")
STRING_OR_NUMBER = re.compile(r'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)|-?Inf\b|-NaN\b')  # from any quote on it fits: no retry
MOST_DEEP = 64  # dimensions of an array of NumPy
BYTES_SUFFIX = "_bytes"  # of the names of outputs that are bytes, not text


def parse(body: bytes) -> dict[str, Any]:
    """Parse the JSON object in a request; NaN, Infinity and Inf are numbers.

    Raises:
        RequestError: If the body holds anything else.
    """
    if not body:
        raise RequestError("JSON Parse error: The document is empty")
    try:
        request = _decoded(body.decode("utf-8-sig").lstrip(" \t\r\n"))
    except json.JSONDecodeError as error:
        raise RequestError(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise RequestError(f"JSON Parse error: {error}") from error
    except RecursionError as error:
        raise RequestError("JSON Parse error: The document is nested too deeply") from error
    if not isinstance(request, dict):
        raise RequestError(f"JSON Value: {shown(request)} Is not object")
    return request


def _decoded(text: str) -> object:
    """The first value in a text; what follows it is not read."""
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except json.JSONDecodeError as error:
        if not INFINITY.match(text, error.pos):
            raise
    return json.JSONDecoder().raw_decode(STRING_OR_NUMBER.sub(_as_python_writes_it, text))[0]


def _as_python_writes_it(found: re.Match[str]) -> str:
    """Inf and -NaN, which RapidJSON reads, as Python's parser wants them; strings as they are."""
    return {"Inf": "Infinity", "-Inf": "-Infinity", "-NaN": "NaN"}.get(found[0], found[0])


def signature_name(request: dict[str, Any]) -> str:
    """The signature that a request names; empty if it names none.

    Raises:
        RequestError: If the name is no string.
    """
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise RequestError(
            f"JSON Value: {shown(request)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def read_inputs(request: dict[str, Any], types: Mapping[str, tf.DType]) -> tuple[dict[str, np.ndarray], bool]:
    """Read the tensors of a request.

    Args:
        request: The parsed JSON.
        types: Of each input of the signature.

    Returns:
        The tensors by name, and whether the request is in rows.

    Raises:
        RequestError: If the request does not fit the inputs.
    """
    if "instances" in request and "inputs" in request:
        raise RequestError(
            f"JSON Value: {shown(request)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist "
        )
    if "instances" in request:
        instances = request["instances"]
        if not isinstance(instances, list):
            raise RequestError(f"JSON Value: {shown(request)} Expecting 'instances' to be an list/array")
        if not instances:
            raise RequestError(f"JSON Value: {shown(request)} No values in 'instances' array")
        return _from_rows(instances, types), True
    if "inputs" in request:
        return _from_columns(request["inputs"], types), False
    raise RequestError("Missing 'inputs' or 'instances' key")


def write_outputs(outputs: Mapping[str, np.ndarray], in_rows: bool) -> dict[str, Any]:
    """Make the response with these tensors. Where there is only one, its name is left out.

    Args:
        outputs: The tensors by name.
        in_rows: Whether the request was in rows; the tensors must then have the same first dimension.

    Raises:
        RequestError: If they have not.
    """
    if not in_rows:
        columns = {name: to_json(array, name) for name, array in sorted(outputs.items())}
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
    sizes: dict[str, int] = {}
    for name, array in sorted(outputs.items()):
        if not array.ndim:
            raise RequestError(f"Tensor name: {name} has no shape information ")
        sizes[name] = len(array)
        expected = next(iter(sizes.values()))
        if len(array) != expected:
            raise RequestError(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {expected}")
    lists = [to_json(outputs[name], name) for name in sizes]
    if len(lists) == 1:
        return {"predictions": lists[0]}
    return {"predictions": [dict(zip(sizes, row, strict=True)) for row in zip(*lists, strict=True)]}


def encode(values: dict[str, Any]) -> bytes:
    """JSON in UTF-8; what is no finite number is NaN, Infinity or -Infinity."""
    with suppress(orjson.JSONEncodeError):  # half a surrogate pair, or an integer above 64 bits
        content = orjson.dumps(values)
        if b"null" not in content:  # which it writes for NaN, too
            return content
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _from_rows(instances: list[Any], types: Mapping[str, tf.DType]) -> dict[str, np.ndarray]:
    if not isinstance(instances[0], dict) and len(types) > 1:
        raise RequestError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    named = _is_object(instances[0])
    rows: dict[str, list[np.ndarray]] = {}
    for place, instance in enumerate(instances):
        if named != _is_object(instance):
            wanted = "Expecting object but got list" if named else "Expecting value/list but got object"
            raise RequestError(f"{wanted} at item {place} of input list")
        for name, value in instance.items() if named else [(next(iter(types)), instance)]:
            try:
                _add_row(rows, name, value, types)
            except RequestError as error:
                key = f" key: {name}" if named else ""
                raise RequestError(
                    f"Failed to process element: {place}{key} of 'instances' list. "
                    f"Error: INVALID_ARGUMENT: {error.message}"
                ) from error
        if named and set(instance) != set(types):
            raise RequestError(
                f"Failed to process element: {place} of 'instances' list. JSON object: {shown(instance)} "
                f"keys must be equal to: {','.join(sorted(types))}"
            )
    return {name: np.stack(arrays) for name, arrays in rows.items()}


def _add_row(rows: dict[str, list[np.ndarray]], name: str, value: object, types: Mapping[str, tf.DType]) -> None:
    if name not in types:
        raise RequestError(f"JSON object: does not have named input: {name}")
    array = _to_array(value, types[name], MOST_DEEP - 1)
    first = rows.setdefault(name, [array])[0]
    if array is first:
        return
    if array.size != first.size:
        raise RequestError(f"Expecting tensor size: {first.size} but got: {array.size}")
    if array.shape != first.shape:
        shapes = [f"[{','.join(map(str, shape))}]" for shape in (first.shape, array.shape)]
        raise RequestError(f"Expecting shape {shapes[0]} but got: {shapes[1]}")
    rows[name].append(array)


def _from_columns(inputs: object, types: Mapping[str, tf.DType]) -> dict[str, np.ndarray]:
    if not _is_object(inputs):
        if len(types) > 1:
            raise RequestError(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        return {name: _to_array(inputs, dtype) for name, dtype in types.items()}
    for name in types:
        if name not in inputs:
            raise RequestError(f"Missing named input: {name} in 'inputs' object.")
    return {name: _to_array(inputs[name], dtype) for name, dtype in types.items()}


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and not is_base64(value)


def is_base64(value: dict[str, Any]) -> bool:
    """Whether an object stands for bytes: {"b64": "..."}.

    Example:
        >>> is_base64({"b64": "AA=="}), is_base64({"b64": 1})
        (True, False)
    """
    return len(value) == 1 and isinstance(value.get("b64"), str)


def _to_array(value: object, dtype: tf.DType, most_deep: int = MOST_DEEP) -> np.ndarray:
    """A value, or lists of lists of values, of the same length at each level, as an array."""
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    if len(shape) > most_deep:
        raise RequestError(
            f"Lists are nested {len(shape)} deep; this server takes tensors of at most {most_deep} levels"
        )
    leaves: list[Any] = [value]
    for level, size in enumerate(shape):
        for item in leaves:
            if not isinstance(item, list):
                raise RequestError(
                    f"JSON Value: {shown(item)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {len(shape)}"
                )
            if len(item) != size:
                raise RequestError(
                    f"Encountered list at unexpected size: {len(item)} at level: {level} expected size: {size}"
                )
        leaves = list(chain.from_iterable(leaves))
    if any(isinstance(leaf, list) for leaf in leaves):
        raise RequestError(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return _convert(leaves, dtype).reshape(shape)


def _convert(leaves: list[Any], dtype: tf.DType) -> np.ndarray:
    if dtype == tf.string:
        array = np.empty(len(leaves), object)
        array[:] = [to_bytes(leaf) for leaf in leaves]
        return array
    allowed = {bool} if dtype.is_bool else {int, float} if dtype.is_floating else {int} if dtype.is_integer else None
    if allowed is None:
        raise RequestError(
            f"Conversion of JSON Value: {shown(leaves[0] if leaves else None)} to type: {dtype.name}", NOT_IMPLEMENTED
        )
    if not set(map(type, leaves)) <= allowed:
        raise _wrong_type(next(leaf for leaf in leaves if type(leaf) not in allowed), dtype)
    try:
        with np.errstate(over="ignore"):
            array = np.array(leaves, dtype.as_numpy_dtype)
    except OverflowError as error:
        raise _wrong_type(max(leaves, key=abs), dtype) from error
    if dtype.name in EXACT:
        _check_exact(leaves, array, dtype)
    return array


def _check_exact(leaves: list[Any], array: np.ndarray, dtype: tf.DType) -> None:
    """Raise RequestError for a whole number, or a finite one, that the type cannot hold."""
    for place in np.flatnonzero(np.abs(array) >= EXACT[dtype.name]):
        leaf = leaves[place]
        whole = isinstance(leaf, int) and abs(leaf) < 2**64  # RapidJSON takes larger ones for decimal numbers
        if whole or (np.isinf(array[place]) and not math.isinf(leaf)):
            raise RequestError(
                f"Cannot convert JSON value: {shown(leaf)} to {FLOAT_NAMES[dtype.name]} without loss of precision."
            )


def to_bytes(leaf: object) -> bytes:
    """The bytes of a string, or of an object that holds base64.

    Raises:
        RequestError: If it is neither.

    Example:
        >>> to_bytes("cat"), to_bytes({"b64": "AAE="})
        (b'cat', b'\\x00\\x01')
    """
    if isinstance(leaf, str):
        try:
            return leaf.encode("utf-8")
        except UnicodeEncodeError as error:
            raise RequestError("JSON Parse error: The surrogate pair in string is invalid.") from error
    if not isinstance(leaf, dict):
        raise _wrong_type(leaf, tf.string)
    if not is_base64(leaf):
        raise RequestError(f"JSON Value: {shown(leaf)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(leaf["b64"], validate=True)
    except (binascii.Error, ValueError):
        return _from_loose_base64(leaf["b64"])


def _from_loose_base64(text: str) -> bytes:
    """Base64 with white space in it, or without its padding: both are allowed."""
    text = re.sub(r"[\s=]", "", text)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("Unable to base64 decode") from error


def _wrong_type(value: object, dtype: tf.DType) -> RequestError:
    kind = str(value) if isinstance(value, bool) else JSON_TYPES[type(value)]
    expected = FLOAT_NAMES.get(dtype.name, dtype.name)
    return RequestError(f"JSON Value: {shown(value)} Type: {kind} is not of expected type: {expected}")


def shown(value: object) -> str:
    """A value in a message; of a long one the beginning. Only the beginning is written out at all."""
    pieces, length = [], 0
    with suppress(RecursionError):  # lists in lists in lists; what was written so far is enough
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
            pieces.append(piece[:MOST_SHOWN])
            length += len(piece)
            if length > MOST_SHOWN:
                break
    return "".join(pieces)[:MOST_SHOWN]


def to_json(array: np.ndarray, name: str) -> Any:
    """Turn an array into nested lists of what JSON knows.

    Args:
        array: Of numbers, or of bytes.
        name: Of the output. Bytes are text, unless the name ends in "_bytes".

    Example:
        >>> to_json(np.array([[0.1, 2.0]], np.float32), "probabilities")
        [[0.1, 2.0]]
    """
    if array.ndim > 1:
        return [to_json(row, name) for row in array]
    if not array.ndim:
        return to_json(array[None], name)[0]
    if array.dtype.kind == "f":
        return _decimals(array)
    if array.dtype.kind != "O":
        return array.tolist()
    if name.endswith(BYTES_SUFFIX):
        return [{"b64": base64.b64encode(value).decode("ascii")} for value in array]
    return [value.decode("utf-8", "replace") for value in array]


def _decimals(array: np.ndarray) -> list[float]:
    """Numbers with no more digits than it takes to tell two of their type apart."""
    if array.dtype == np.float32 and np.isfinite(array).all():
        found: list[float] = orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))
        return found
    return array.tolist() if array.dtype == np.float64 else [float(str(value)) for value in array]
