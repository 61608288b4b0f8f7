"""TensorFlow Serving's REST API for one model: a request's method, path and body to the JSON that answers it.

The path holds the query string, as the official server's does: it matches no call, and in a look it is of the name.

GET  /v1/models/<name>[/versions/<n>]             status
GET  /v1/models/<name>[/versions/<n>]/metadata    signatures
POST /v1/models/<name>[/versions/<n>]:predict     tensors in, tensors out
POST /v1/models/<name>[/versions/<n>]:classify    where a signature takes tf.train.Example
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from imgcls.serving.classification import INPUT, check_signature, read_examples, write_results
from imgcls.serving.json_tensors import encode, parse, read_inputs, signature_name, write_outputs
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.parts import Limits, check_count, network_size, run_in_parts
from imgcls.serving.rest_error import FAULT, NOT_FOUND, NOT_IMPLEMENTED, RestError
from imgcls.serving.served_model import ServedModel
from imgcls.serving.warmup import DEFAULT_SIGNATURE

_Find = Callable[[], tuple[int, LoadedModel]]  # the version that is asked, and its model
_Call = Callable[[dict[str, Any], _Find], dict[str, Any]]  # from a request to its response

LARGEST_VERSION = 2**63 - 1
DEFAULT_LIMITS = Limits()
UNKNOWN = 2  # the error code of a version that could not be loaded
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


def answer(served: ServedModel, method: str, path: str, body: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Answer a request.

    Args:
        served: The model.
        method: Of HTTP, such as "POST".
        path: With the query string.
        body: The JSON of the request.
        limits: Of what it may ask.

    Returns:
        The JSON of the answer.

    Raises:
        RestError: If there is no answer, or if the request is above the limits.
    """
    if not path.lower().startswith("/v1/"):
        raise RestError(f"Nothing is served at {path}. Try /v1/models/{served.name}", NOT_FOUND)
    call = CALL.fullmatch(path) if method == "POST" else None
    look = LOOK.fullmatch(path) if method == "GET" else None
    asked = call or look
    if not asked:
        raise RestError(f"Malformed request: {method} {path}")
    name, digits, label, what = asked.groups()
    if not name:
        raise RestError("Missing model name in request.")
    if label and (call or what):  # the official server gives the status of every version, whatever the label
        raise RestError(f"Unrecognized servable version label: {unquote(label)}")
    name, version = unquote(name), _version(digits)
    if call:
        calls: dict[str, _Call] = {"predict": partial(_predict, limits), "classify": _classify, "regress": _regress}
        return encode(calls[what.lower()](parse(body), lambda: served.find(name, version)))
    return encode((_metadata if what else _status)(served, name, version))


def _version(digits: str | None) -> int | None:
    if digits and (len(digits) > 30 or int(digits) > LARGEST_VERSION):
        raise RestError(f"Failed to convert version: {digits} to numeric.")
    return int(digits) if digits else None


def _predict(limits: Limits, request: dict[str, Any], find: _Find) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    _, model = find()
    if signature not in model.signature_defs:
        raise RestError(f'Serving signature name: "{signature}" not found in signature def')
    types = {name: tf.as_dtype(info.dtype) for name, info in model.signature_defs[signature].inputs.items()}
    if not types:
        raise RestError(f"Failed to get input map for signature: {signature}")
    if network_size(model):
        check_count(request, limits)
    inputs, in_rows = read_inputs(request, types)
    return write_outputs(_run(partial(run_in_parts, model, limits=limits), signature, inputs), in_rows)


def _classify(request: dict[str, Any], find: _Find) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    examples = read_examples(request)
    _, model = find()
    if signature not in model.signature_defs:
        raise RestError(f"No signature was found with the name: {signature}")
    check_signature(model.signature_defs[signature])
    return write_results(_run(model.run, signature, {INPUT: examples}))


def _regress(request: dict[str, Any], find: _Find) -> dict[str, Any]:
    signature = signature_name(request) or DEFAULT_SIGNATURE
    read_examples(request)
    _, model = find()
    if signature not in model.signature_defs:
        raise RestError(f"No signature was found with the name: {signature}")
    if len(model.signature_defs[signature].inputs) != 1:
        raise RestError("Expected one input Tensor.")
    if len(model.signature_defs[signature].outputs) != 1:
        raise RestError("Expected one output Tensor.")
    raise RestError("This server classifies; it does not answer regress calls.", NOT_IMPLEMENTED)


def _run(run: Callable[..., dict[str, np.ndarray]], signature: str, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    try:
        return run(signature, inputs)
    except tf.errors.OpError as error:
        message = error.message.split("<stack traces unavailable>\n")[-1]
        raise RestError(message, STATUS_OF_ERROR.get(type(error), FAULT)) from error


def _status(served: ServedModel, name: str, version: int | None) -> dict[str, Any]:
    states = served.states if name == served.name else {}
    if version is not None and version not in states:
        raise RestError(f"Could not find version {version} of model {name}", NOT_FOUND)
    if not states:
        raise RestError(f"Could not find any versions of model {name}", NOT_FOUND)
    response = get_model_status_pb2.GetModelStatusResponse()
    for number, found in sorted(states.items(), reverse=True):
        if version in (None, number):
            status = response.model_version_status.add(version=number)
            status.state = get_model_status_pb2.ModelVersionStatus.State.Value(found.state)
            status.status.error_code = UNKNOWN if found.error else 0
            status.status.error_message = found.error
    shown: dict[str, Any] = MessageToDict(response, always_print_fields_with_no_presence=True)
    return shown


def _metadata(served: ServedModel, name: str, version: int | None) -> dict[str, Any]:
    number, model = served.find(name, version)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = name
    response.model_spec.version.value = number
    signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=model.signature_defs)
    form = {"always_print_fields_with_no_presence": True, "preserving_proto_field_name": True}
    return {
        "model_spec": MessageToDict(response.model_spec, **form),
        "metadata": {"signature_def": MessageToDict(signatures, **form)},
    }
