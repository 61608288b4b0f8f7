"""The `classify` call of TensorFlow Serving's REST API: tf.train.Example messages in, labels and scores out.

It applies to a signature with the input `inputs` and the outputs `classes` and `scores`, or one of the two.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.server.request_error import PreconditionError, RequestError
from imgcls.serving.server.rest.json_tensors import is_base64, shown, to_bytes, to_json

INPUT = "inputs"
LABELS = "classes"
SCORES = "scores"


def check_signature(definition: SignatureDef) -> None:
    """Check that a signature classifies examples.

    Raises:
        RequestError: If it does not, in the words of the official server.
    """
    if len(definition.inputs) != 1:
        raise RequestError("Expected one input Tensor.")
    if len(definition.outputs) not in (1, 2):
        raise RequestError(f"Expected one or two output Tensors, found {len(definition.outputs)}")
    if INPUT not in definition.inputs:
        raise PreconditionError(f"No classification inputs found in SignatureDef: {definition}")
    if not {LABELS, SCORES} & set(definition.outputs):
        raise PreconditionError(
            f'Expected classification signature outputs to contain at least one of "{LABELS}" or "{SCORES}". '
            f"Signature was: {definition}"
        )


def read_examples(request: dict[str, Any]) -> list[bytes]:
    """Read the examples of a request.

    Args:
        request: The parsed JSON. The features of its `context` go into each example.

    Returns:
        A serialised tf.train.Example for each.

    Raises:
        RequestError: If the request holds no examples, or a feature of an unknown type.
    """
    if "examples" not in request:
        raise RequestError(
            f"JSON Value: {shown(request)} When method is classify, key 'examples' is expected and was not found"
        )
    examples = request["examples"]
    if not isinstance(examples, list):
        raise RequestError(f"JSON Value: {shown(request)} Expecting 'examples' value to be an list/array")
    if not examples:
        raise RequestError(f"JSON Value: {shown(request)} 'examples' value is an empty array")
    context = _features(request.get("context", {}))
    rows = ({**context, **_features(example)} for example in examples)
    return [tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString() for row in rows]


def write_results(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Make the response of the outputs of a signature.

    Args:
        outputs: "classes" (B, K), "scores" (B, K), or one of the two.

    Returns:
        Pairs of label and score for each example; "" or 0 where a signature has only one of them.
    """
    columns = {name: to_json(outputs[name], name) for name in (LABELS, SCORES) if name in outputs}
    labels = columns.get(LABELS) or [[""] * len(row) for row in columns[SCORES]]
    scores = columns.get(SCORES) or [[0.0] * len(row) for row in columns[LABELS]]
    return {"results": [list(map(list, zip(*row, strict=True))) for row in zip(labels, scores, strict=True)]}


def _features(example: object) -> dict[str, tf.train.Feature]:
    if not isinstance(example, dict):
        raise RequestError(f"Example must be JSON object but got JSON {type(example).__name__}")
    return {name: _feature(name, value) for name, value in example.items()}


def _feature(name: str, value: Any) -> tf.train.Feature:
    values: list[Any] = value if isinstance(value, list) else [value]
    kinds = [_kind(name, item) for item in values]
    if len(set(kinds)) > 1:
        raise RequestError(f"Unexpected element type in feature: {name} expecting type: {kinds[0]}")
    kind = kinds[0] if kinds else "bytes"
    if kind == "bytes":
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[to_bytes(item) for item in values]))
    if kind == "float":
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    if any(not -(2**63) <= item < 2**63 for item in values):
        raise RequestError(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(item) for item in values]))


def _kind(name: str, item: object) -> str:
    if isinstance(item, str) or (isinstance(item, dict) and is_base64(item)):
        return "bytes"
    if isinstance(item, int):  # true and false are 1 and 0
        return "int64"
    if isinstance(item, float):
        return "float"
    raise RequestError(f"Feature: {name} has element with unexpected JSON type: {type(item).__name__}")
