"""TensorFlow Serving's REST API: a request's method, path and body to the JSON that answers it.

The path holds the query string, as the official server's does: it matches no call, and in a look it is of the name.

GET  /v1/models/<name>[/versions/<n>|/labels/<label>]             status
GET  /v1/models/<name>[/versions/<n>|/labels/<label>]/metadata    signatures
POST /v1/models/<name>[/versions/<n>|/labels/<label>]:predict     tensors in, tensors out
POST /v1/models/<name>[/versions/<n>|/labels/<label>]:classify    where a signature takes tf.train.Example
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_serving.apis import get_model_metadata_pb2

from imgcls.serving.server import regression
from imgcls.serving.server.classification import INPUT, check_signature, read_examples, write_results
from imgcls.serving.server.core.models import Models, ServedVersion
from imgcls.serving.server.core.parts import Limits, check_count, network_size
from imgcls.serving.server.model_status import model_status
from imgcls.serving.server.request_error import FAULT, NOT_FOUND, RequestError
from imgcls.serving.server.rest.json_tensors import encode, parse, read_inputs, signature_name, write_outputs
from imgcls.serving.tensorflow_errors import reason
from imgcls.serving.warmup import DEFAULT_SIGNATURE

_Find = Callable[[], ServedVersion]  # the version that is asked
_Run = Callable[[ServedVersion, str, dict[str, Any]], dict[str, np.ndarray]]  # a signature by name, with its inputs
_Call = Callable[[dict[str, Any], _Find, _Run], dict[str, Any]]  # from a request to its response

LARGEST_VERSION = 2**63 - 1
CALL = re.compile(r"(?i)/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:(classify|regress|predict)")
LOOK = re.compile(r"(?i)/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?")
STATUS_OF_ERROR = {  # HTTP status of TensorFlow's errors; 500 for the others
    tf.errors.InvalidArgumentError: 400,
    tf.errors.FailedPreconditionError: 400,
    tf.errors.OutOfRangeError: 400,
    tf.errors.NotFoundError: 404,
    tf.errors.ResourceExhaustedError: 429,
    tf.errors.UnimplementedError: 501,
    tf.errors.UnavailableError: 503,
    tf.errors.DeadlineExceededError: 504,
}


def call_of(method: str, path: str) -> tuple[str, str]:
    """What a request asks for, as the figures of a server name it.

    Args:
        method: Of HTTP, such as "POST".
        path: With the query string.

    Returns:
        The call by TensorFlow Serving's name and the name of the model; "" where there is none.

    Example:
        >>> call_of("POST", "/v1/models/cats:predict"), call_of("GET", "/v1/models/cats/labels/stable")
        (('Predict', 'cats'), ('GetModelStatus', 'cats'))
    """
    call = CALL.fullmatch(path) if method == "POST" else None
    look = LOOK.fullmatch(path) if method == "GET" else None
    asked = call or look
    if not asked:
        return "", ""
    name, _, _, what = asked.groups()
    look_name = "GetModelMetadata" if what else "GetModelStatus"
    return what.capitalize() if call else look_name, unquote(name or "")


def answer(models: Models, method: str, path: str, body: bytes, seconds: float | None = None) -> bytes:
    """Answer a request.

    Args:
        models: What is served.
        method: Of HTTP, such as "POST".
        path: With the query string.
        body: The JSON of the request.
        seconds: That it may take; None for as long as it takes.

    Returns:
        The JSON of the answer.

    Raises:
        RequestError: If there is no answer, or if the request is above the limits.
    """
    if not path.lower().startswith("/v1/"):
        raise RequestError(f"Nothing is served at {path}. {_hint(models)}", NOT_FOUND)
    call = CALL.fullmatch(path) if method == "POST" else None
    look = LOOK.fullmatch(path) if method == "GET" else None
    asked = call or look
    if not asked:
        raise RequestError(f"Malformed request: {method} {path}")
    name, digits, label, what = asked.groups()
    if not name:
        raise RequestError("Missing model name in request.")
    name, version, label = unquote(name), _version(digits), unquote(label) if label else None
    if not call and not what:  # the official server gives the status of every version, whatever the label
        return encode(_status(models, name, version))

    def find() -> ServedVersion:
        return models.find(name, version, label)

    if not call:
        return encode(_metadata(find()))
    calls: dict[str, _Call] = {
        "predict": partial(_predict, models.limits),
        "classify": _classify,
        "regress": _regress,
    }
    return encode(calls[what.lower()](parse(body), find, partial(run, seconds=seconds)))


def _hint(models: Models) -> str:
    return f"Try /v1/models/{models.names[0]}" if models.names else "No model is served."


def _version(digits: str | None) -> int | None:
    if digits and (len(digits) > 30 or int(digits) > LARGEST_VERSION):
        raise RequestError(f"Failed to convert version: {digits} to numeric.")
    return int(digits) if digits else None


def _predict(limits: Limits, request: dict[str, Any], find: _Find, run: _Run) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    model = find()
    if signature not in model.signature_defs:
        raise RequestError(f'Serving signature name: "{signature}" not found in signature def')
    types = {name: tf.as_dtype(info.dtype) for name, info in model.signature_defs[signature].inputs.items()}
    if not types:
        raise RequestError(f"Failed to get input map for signature: {signature}")
    if network_size(model.model):
        check_count(request, limits)
    inputs, in_rows = read_inputs(request, types)
    return write_outputs(run(model, signature, inputs), in_rows)


def _classify(request: dict[str, Any], find: _Find, run: _Run) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    examples = read_examples(request)
    model = find()
    if signature not in model.signature_defs:
        raise RequestError(f"No signature was found with the name: {signature}")
    check_signature(model.signature_defs[signature])
    return write_results(run(model, signature, {INPUT: examples}))


def _regress(request: dict[str, Any], find: _Find, run: _Run) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    read_examples(request)
    model = find()
    if signature not in model.signature_defs:
        raise RequestError(f"No signature was found with the name: {signature}")
    regression.refuse(model.signature_defs[signature])


def run(
    model: ServedVersion, signature: str, inputs: dict[str, Any], seconds: float | None = None
) -> dict[str, np.ndarray]:
    """Call a signature, with TensorFlow's errors as those of a request.

    Args:
        model: The version.
        signature: Its name.
        inputs: Arrays by name.
        seconds: That it may take; None for as long as it takes.

    Returns:
        The outputs by name.

    Raises:
        RequestError: If the inputs do not fit, or ask too much.
    """
    try:
        return model.run(signature, inputs, seconds)
    except tf.errors.OpError as error:
        raise RequestError(reason(error), STATUS_OF_ERROR.get(type(error), FAULT)) from error


def _status(models: Models, name: str, version: int | None) -> dict[str, Any]:
    response = model_status(models, name, version)
    shown: dict[str, Any] = MessageToDict(response, always_print_fields_with_no_presence=True)
    return shown


def _metadata(model: ServedVersion) -> dict[str, Any]:
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = model.name
    response.model_spec.version.value = model.version
    signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=model.signature_defs)
    form = {"always_print_fields_with_no_presence": True, "preserving_proto_field_name": True}
    return {
        "model_spec": MessageToDict(response.model_spec, **form),
        "metadata": {"signature_def": MessageToDict(signatures, **form)},
    }
