"""Limits, passwords and endings of the gRPC server."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from imgcls.serving.client import Client
from imgcls.serving.server.core.observer import Observer
from imgcls.serving.server.core.parts import Limits
from imgcls.serving.server.grpc.server import GrpcServer, GrpcSettings
from tests.serving.certificates import self_signed
from tests.serving.conftest import grpc_stubs, limited, models_of, serving_grpc


def request(values=(2.0,), name="half_plus_three"):
    made = predict_pb2.PredictRequest()
    made.model_spec.name = name
    made.inputs["x"].CopyFrom(tf.make_tensor_proto(np.asarray(values, np.float32)))
    return made


def test_a_message_over_the_limit_is_refused_and_the_server_goes_on(half_plus_three):
    with serving_grpc(models_of(half_plus_three), most_bytes=1000) as place, grpc_stubs(place) as (predictions, _):
        with pytest.raises(grpc.RpcError) as caught:
            predictions.Predict(request(range(1000)), 10)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger than max" in caught.value.details()
        assert list(predictions.Predict(request(), 10).outputs["y"].float_val) == [4.0]


def test_too_many_pictures_are_refused(served_bundle):
    models = limited(served_bundle, Limits(instances=3))
    made = predict_pb2.PredictRequest()
    made.model_spec.name = "clothing"
    made.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([b"no image"] * 4))
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _):
        with pytest.raises(grpc.RpcError) as caught:
            predictions.Predict(made, 10)
        made.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([b"no image"] * 3))
        assert len(predictions.Predict(made, 30).outputs["problem"].string_val) == 3
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "Task size 4 is larger than maximum input batch size 3" in caught.value.details()


def test_an_answer_that_no_message_can_hold_is_not_computed(served_bundle, monkeypatch):
    model = served_bundle.find("clothing").model
    real, calls = model.run, []
    monkeypatch.setattr(model, "run", lambda *given: calls.append(given) or real(*given))
    made = predict_pb2.PredictRequest()
    made.model_spec.name, made.model_spec.signature_name = "clothing", "preprocess"
    made.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([b"no image"] * 400))  # 1.2 MiB of pixels
    with serving_grpc(served_bundle, most_bytes=1 << 20) as place, grpc_stubs(place) as (predictions, _):
        with pytest.raises(grpc.RpcError) as caught:
            predictions.Predict(made, 60)
        assert calls == []
        made.output_filter.append("problem")
        assert len(predictions.Predict(made, 60).outputs["problem"].string_val) == 400
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "The answer would hold 1.2 MiB, and this server sends 1." in caught.value.details()


OVMSCLIENT = """
import json, sys
from pathlib import Path
from ovmsclient import make_grpc_client

client = make_grpc_client(sys.argv[1])
files = [Path(name).read_bytes() for name in sys.argv[2:]]
outputs = client.predict({"image_bytes": files}, "clothing", 1, timeout=60.0)  # without a number it asks for 0
metadata = client.get_model_metadata("clothing", 1)
print(json.dumps({
    "classes": [[name.decode() for name in row] for row in outputs["classes"].tolist()],
    "probabilities": outputs["probabilities"].tolist(),
    "status": client.get_model_status("clothing", 1),
    "version": metadata["model_version"],
    "inputs": list(metadata["inputs"]),
}))
"""


def test_an_independent_client(served_bundle, bundle, images):
    """ovmsclient, whose messages are of its own make; in a process of its own, because both declare the same ones."""
    files = [str(path) for path in images[:3]]
    with serving_grpc(served_bundle) as place:
        run = subprocess.run([sys.executable, "-c", OVMSCLIENT, place, *files], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    expected = bundle([path.read_bytes() for path in images[:3]])
    assert found["classes"] == [each.classes for each in expected]
    np.testing.assert_allclose(found["probabilities"], [each.probabilities for each in expected], atol=1e-5)
    assert found["status"] == {"1": {"state": "AVAILABLE", "error_code": 0, "error_message": ""}}
    assert (found["version"], found["inputs"]) == (1, ["image_bytes"])


def test_bytes_that_are_no_message_harm_nobody(half_plus_three):
    with serving_grpc(models_of(half_plus_three)) as place, grpc.insecure_channel(place) as channel:
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        for garbage in (b"\xff" * 100, b"GET / HTTP/1.1", request().SerializeToString()[:-3]):
            with pytest.raises(grpc.RpcError) as caught:
                call(garbage, timeout=10)
            assert caught.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT)
        unknown = channel.unary_unary("/tensorflow.serving.PredictionService/Explain")
        with pytest.raises(grpc.RpcError) as caught:
            unknown(b"", timeout=10)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert call(request().SerializeToString(), timeout=10)


def test_the_observer_is_told(half_plus_three):
    told = []

    class Told(Observer):
        def request(self, **facts):
            told.append(facts)

    models = models_of(half_plus_three)
    models.observer = Told()
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _):
        predictions.Predict(request(), 10)
        with pytest.raises(grpc.RpcError):
            predictions.Predict(request(name="roses"), 10)
    assert [(each["api"], each["method"], each["model"], each["status"]) for each in told] == [
        ("GRPC", "Predict", "half_plus_three", 200),
        ("GRPC", "Predict", "", 404),
    ]
    assert all(0 <= each["seconds"] < 10 for each in told)


def test_the_time_that_a_caller_waits_reaches_the_model(half_plus_three, monkeypatch):
    models, waited = models_of(half_plus_three), []
    served = models.find("half_plus_three")

    def run(self, signature, inputs, seconds=None):
        waited.append(seconds)
        return served.model.run(signature, inputs)

    monkeypatch.setattr(type(served), "run", run)
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _):
        predictions.Predict(request(), 30)
        predictions.Predict(request())
    with serving_grpc(models, request_seconds=9) as place, grpc_stubs(place) as (predictions, _):
        predictions.Predict(request(), 30)
        predictions.Predict(request())
    assert 9 < waited[0] < 31  # gRPC counts the caller's 30 s a little differently
    assert waited[1] is None
    assert waited[2:] == [9, 9]


def test_a_fault_has_its_code_and_is_logged(half_plus_three, monkeypatch, caplog):
    models = models_of(half_plus_three)
    monkeypatch.setattr(type(models), "find", lambda *arguments: 1 / 0)
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _), pytest.raises(grpc.RpcError) as caught:
        predictions.Predict(request(), 10)
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert caught.value.details() == "A fault of the server, which is in its log: ZeroDivisionError"
    assert "ZeroDivisionError" in caplog.text


def test_a_token(half_plus_three):
    with serving_grpc(models_of(half_plus_three), token="secret") as place, grpc_stubs(place) as (predictions, _):
        for metadata in ([], [("authorization", "Bearer wrong")], [("authorization", "secret")]):
            with pytest.raises(grpc.RpcError) as caught:
                predictions.Predict(request(), 10, metadata=metadata)
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
        found = predictions.Predict(request(), 10, metadata=[("authorization", "Bearer secret")])
        assert list(found.outputs["y"].float_val) == [4.0]


def test_tls(half_plus_three, tmp_path):
    key, certificate = self_signed()
    (tmp_path / "ca.pem").write_bytes(certificate)
    trusted = grpc.ssl_channel_credentials(certificate)
    with serving_grpc(models_of(half_plus_three), certificate=(key, certificate)) as place:
        channel = grpc.secure_channel(place.replace("127.0.0.1", "localhost"), trusted)
        with grpc_stubs(place, channel) as (predictions, _):
            assert list(predictions.Predict(request(), 10).outputs["y"].float_val) == [4.0]
        address = f"grpcs://localhost:{place.rpartition(':')[2]}/half_plus_three"
        with Client(address, ca_file=tmp_path / "ca.pem") as client:
            assert client.status()["model_version_status"][0]["state"] == "AVAILABLE"
        with Client(address, retries=0) as client, pytest.raises(ConnectionError, match="is not trusted"):
            client.status()  # an authority that nobody knows


def test_a_port_that_is_taken(half_plus_three):
    models = models_of(half_plus_three)
    with serving_grpc(models) as place:
        port = int(place.rpartition(":")[2])
        with pytest.raises(ValueError, match=rf"Port {port} of 127\.0\.0\.1 cannot be used: .*--grpc-port {port + 1}"):
            GrpcServer(models, GrpcSettings(port=port))


@pytest.fixture
def slow(half_plus_three, monkeypatch):
    """The model, whose answers come when the event is set."""
    models, go, begun = models_of(half_plus_three), threading.Event(), threading.Event()
    served = models.find("half_plus_three")

    def run(self, signature, inputs, seconds=None):
        begun.set()
        go.wait(30)
        return served.model.run(signature, inputs)

    monkeypatch.setattr(type(served), "run", run)
    return models, begun, go


def test_a_stop_lets_calls_at_hand_be_answered(slow):
    models, begun, go = slow
    server = GrpcServer(models, GrpcSettings(port=0))
    server.start()
    with grpc_stubs(f"127.0.0.1:{server.port}") as (predictions, _), ThreadPoolExecutor(2) as pool:
        call = pool.submit(predictions.Predict, request(), 30)
        begun.wait(30)
        stop = pool.submit(server.stop, 30.0)
        refused_before(predictions, time.monotonic() + 30)
        go.set()
        assert list(call.result().outputs["y"].float_val) == [4.0]
        assert stop.result() is True


def refused_before(predictions, deadline: float) -> None:
    """Wait until new calls are refused."""
    codes = set()
    while not codes and time.monotonic() < deadline:
        try:
            predictions.GetModelMetadata(request_of_metadata(), 5)
        except grpc.RpcError as error:
            codes.add(error.code())
    assert codes <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert codes


def request_of_metadata():
    made = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    made.model_spec.name = "half_plus_three"
    return made


def test_a_stop_waits_no_longer_than_it_is_told(slow):
    models, begun, go = slow
    server = GrpcServer(models, GrpcSettings(port=0))
    server.start()
    try:
        with grpc_stubs(f"127.0.0.1:{server.port}") as (predictions, _), ThreadPoolExecutor(1) as pool:
            call = pool.submit(predictions.Predict, request(), 30)
            begun.wait(30)
            assert server.stop(0.1) is False
            with pytest.raises(grpc.RpcError):
                call.result()
    finally:
        go.set()
