"""TensorFlow Serving's gRPC services, from a client's side."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from imgcls.serving.client.refusals import no_server, not_found, refused, too_late
from imgcls.serving.client.retries import retried, retried_async
from imgcls.serving.client.target import CONNECT_SECONDS, Target
from imgcls.serving.client.transport import PASSING, Columns, Inputs

BYTES = "_bytes"  # at the end of an output's name: no text
SIGNATURES = "signature_def"
WHOLE = {"always_print_fields_with_no_presence": True, "preserving_proto_field_name": True}
CHANNEL = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),  # else it shares failures with other clients of this process
    ("grpc.initial_reconnect_backoff_ms", 50),  # a second by default, in which a repeated request fails unsent
    ("grpc.min_reconnect_backoff_ms", int(1000 * CONNECT_SECONDS)),  # which is how long a connection may take
]
BROKEN = re.compile(r"(?i)failed to connect|socket closed|connection|dns|resolution|broken pipe|goaway|handshak")
Message = TypeVar("Message")


class GrpcTransport:
    """gRPC with one thread a call.

    Args:
        target: Which model is asked.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        place = target.address.server.partition("://")[2]
        if target.address.is_encrypted:
            self._channel = grpc.secure_channel(place, _authorities(target), CHANNEL)
        else:
            self._channel = grpc.insecure_channel(place, CHANNEL)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""
        return _columns(self._call(self._predictions.Predict, _predict_request(self._target, signature, inputs)))

    def status(self) -> dict[str, Any]:
        """The versions that the server knows."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(self._target))
        return _as_rest(self._call(self._models.GetModelStatus, request))

    def metadata(self) -> dict[str, Any]:
        """The signatures."""
        return _signatures(self._call(self._predictions.GetModelMetadata, _metadata_request(self._target)))

    def close(self) -> None:
        """Give the connection back."""
        self._channel.close()

    def _call(self, method: Callable[..., Message], request: object) -> Message:
        return retried(lambda: self._once(method, request), self._target.retries, PASSING)

    def _once(self, method: Callable[..., Message], request: object) -> Message:
        try:
            return method(request, timeout=self._target.timeout, metadata=_authorization(self._target))
        except grpc.RpcError as error:
            raise _refusal(self._target, error) from error


class AsyncGrpcTransport:
    """gRPC where an event loop waits.

    Args:
        target: Which model is asked.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._channel: Any = None  # belongs to the event loop in which it is first used

    async def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""
        request = _predict_request(self._target, signature, inputs)
        return _columns(await self._call("Predict", request))

    async def status(self) -> dict[str, Any]:
        """The versions that the server knows."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(self._target))
        return _as_rest(await self._call("GetModelStatus", request))

    async def metadata(self) -> dict[str, Any]:
        """The signatures."""
        return _signatures(await self._call("GetModelMetadata", _metadata_request(self._target)))

    async def close(self) -> None:
        """Give the connection back."""
        if self._channel:
            await self._channel.close()

    def _connected(self) -> Any:
        if self._channel is None:
            place = self._target.address.server.partition("://")[2]
            if self._target.address.is_encrypted:
                self._channel = grpc.aio.secure_channel(place, _authorities(self._target), CHANNEL)
            else:
                self._channel = grpc.aio.insecure_channel(place, CHANNEL)
        return self._channel

    async def _call(self, method: str, request: object) -> Any:
        return await retried_async(lambda: self._once(method, request), self._target.retries, PASSING)

    async def _once(self, method: str, request: object) -> Any:
        services = (prediction_service_pb2_grpc.PredictionServiceStub, model_service_pb2_grpc.ModelServiceStub)
        service = services[method == "GetModelStatus"](self._connected())
        try:
            return await getattr(service, method)(
                request, timeout=self._target.timeout, metadata=_authorization(self._target)
            )
        except grpc.RpcError as error:
            raise _refusal(self._target, error) from error


def _authorities(target: Target) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(Path(target.ca_file).read_bytes() if target.ca_file else None)


def _authorization(target: Target) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {target.token}")] if target.token else []


def _spec(target: Target, signature: str = "") -> ModelSpec:
    spec = ModelSpec(name=target.name, signature_name=signature, version_label=target.label)
    if not target.label:
        spec.ClearField("version_label")
    if target.version is not None:
        spec.version.value = target.version
    return spec


def _predict_request(target: Target, signature: str, inputs: Inputs) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest(model_spec=_spec(target, signature))
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return request


def _metadata_request(target: Target) -> get_model_metadata_pb2.GetModelMetadataRequest:
    return get_model_metadata_pb2.GetModelMetadataRequest(model_spec=_spec(target), metadata_field=[SIGNATURES])


def _columns(response: predict_pb2.PredictResponse) -> Columns:
    return {name: _as_python(name, tf.make_ndarray(message)) for name, message in response.outputs.items()}


def _as_python(name: str, values: np.ndarray) -> list[Any]:
    found: list[Any] = values.tolist()
    return found if values.dtype != object or name.endswith(BYTES) else _texts(found)


def _texts(values: list[Any]) -> list[Any]:
    return [_texts(value) if isinstance(value, list) else value.decode("utf-8", "replace") for value in values]


def _as_rest(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, **WHOLE)
    return found


def _signatures(response: get_model_metadata_pb2.GetModelMetadataResponse) -> dict[str, Any]:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURES].Unpack(signatures)
    return {"model_spec": _as_rest(response.model_spec), "metadata": {SIGNATURES: _as_rest(signatures)}}


def _refusal(target: Target, error: Any) -> Exception:
    """What a client raises for an error of gRPC."""
    code, why = error.code(), error.details() or ""
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return too_late(target)
    if code is grpc.StatusCode.NOT_FOUND:
        return not_found(target, why)
    if code is grpc.StatusCode.UNAVAILABLE and BROKEN.search(why):
        return no_server(target, why)
    return refused(target, code.name, why, for_now=code is grpc.StatusCode.UNAVAILABLE)
