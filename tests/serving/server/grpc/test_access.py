"""What is written down of calls."""

import json

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from imgcls.serving.server.grpc.health_messages import HealthCheckRequest, HealthCheckResponse
from imgcls.serving.server.request_log import open_request_log
from tests.serving.conftest import grpc_stubs, models_of, serving_grpc
from tests.serving.server.test_tracing import collector

PREDICT = "/tensorflow.serving.PredictionService/Predict"
CHECK = "/grpc.health.v1.Health/Check"
REFUSED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED
TOKEN = ("authorization", "Bearer secret")


def request(name: str) -> predict_pb2.PredictRequest:
    made = predict_pb2.PredictRequest()
    made.model_spec.name = name
    made.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([2.0], np.float32)))
    return made


def predict(place: str, name: str, *metadata: tuple[str, str]) -> dict[str, str]:
    """Ask a model; returns the trailing metadata of what was answered or refused."""
    with grpc_stubs(place) as (predictions, _):
        try:
            _, call = predictions.Predict.with_call(request(name), 10, metadata=metadata)
        except grpc.RpcError as error:
            call = error
            assert call.code() in REFUSED
        return dict(call.trailing_metadata())


def test_a_line_for_each_call(half_plus_three, tmp_path):
    path = tmp_path / "access.jsonl"
    with (
        open_request_log(str(path)) as log,
        serving_grpc(models_of(half_plus_three), log, token="secret") as place,
    ):
        answered = predict(place, "half_plus_three", TOKEN, ("x-request-id", "abc-1"))
        unknown = predict(place, "roses", TOKEN, ("x-request-id", "a b"))
        predict(place, "half_plus_three")
        with grpc.insecure_channel(place) as channel:
            check = channel.unary_unary(CHECK, HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString)
            check(HealthCheckRequest(), timeout=10)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(each["path"], each["code"], each["status"], each["model"]) for each in lines] == [
        (PREDICT, "OK", 200, "half_plus_three"),
        (PREDICT, "NOT_FOUND", 404, "roses"),
        (PREDICT, "UNAUTHENTICATED", 401, ""),
        (CHECK, "OK", 200, ""),
    ]
    first = lines[0]
    assert (first["id"], first["client"], first["method"]) == ("abc-1", "127.0.0.1", "Predict")
    assert first["request_bytes"] == request("half_plus_three").ByteSize()
    assert first["response_bytes"] > 0
    assert first["agent"].startswith("grpc-python")
    assert 0 < first["seconds"] < 10
    assert answered["x-request-id"] == "abc-1"
    assert unknown["x-request-id"] == lines[1]["id"] != "a b"


def test_a_span_for_each_call(half_plus_three, monkeypatch):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with collector() as (address, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        with open_request_log("") as log, serving_grpc(models_of(half_plus_three), log) as place:
            predict(place, "half_plus_three", ("traceparent", parent), ("x-request-id", "a"))
            predict(place, "roses")
    first, second = spans
    assert first.name == PREDICT[1:]
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == tuple(parent.split("-")[1:3])
    values = {each.key: each.value.string_value or each.value.int_value for each in first.attributes}
    assert values == {
        "rpc.system": "grpc",
        "rpc.service": "tensorflow.serving.PredictionService",
        "rpc.method": "Predict",
        "imgcls.model": "half_plus_three",
        "rpc.grpc.status_code": 0,
        "rpc.grpc.request.metadata.x-request-id": "a",
    }
    assert {each.key: each.value.int_value for each in second.attributes}["rpc.grpc.status_code"] == 5
    assert not second.parent_span_id
    assert (len(second.events), second.status.code) == (0, 0)  # what a caller asks wrongly is no fault of the server
