"""The health service, asked by a client that writes its messages itself, as load balancers do, and by gRPC's own."""

import json
import threading
import time

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2

from imgcls.serving.server.core.model_settings import settings_of_folder
from imgcls.serving.server.grpc.server import GrpcServer, GrpcSettings
from tests.serving.conftest import grpc_stubs, models_of, save_linear, serving_grpc

SERVING, NOT_SERVING, SERVICE_UNKNOWN = b"\x08\x01", b"\x08\x02", b"\x08\x03"  # field 1, a number


@pytest.fixture(scope="module")
def check(half_plus_three):
    with (
        serving_grpc(models_of(half_plus_three), token="secret") as place,
        grpc.insecure_channel(place) as channel,
    ):
        call = channel.unary_unary("/grpc.health.v1.Health/Check")
        yield lambda name: call(b"\x0a" + bytes([len(name)]) + name.encode(), 10)


@pytest.mark.parametrize("name", ["", "tensorflow.serving.PredictionService", "half_plus_three"])
def test_it_is_healthy_without_a_token(check, name):
    assert check(name) == SERVING


def test_an_unknown_service(check):
    with pytest.raises(grpc.RpcError) as caught:
        check("roses")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_without_a_version_it_is_not_ready(half_plus_three, monkeypatch):
    models = models_of(half_plus_three)
    monkeypatch.setattr(type(models), "is_ready", False)
    with serving_grpc(models) as place, grpc.insecure_channel(place) as channel:
        assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == NOT_SERVING


def watch(channel, name):
    """The states of a service, as a stream."""
    call = channel.unary_stream("/grpc.health.v1.Health/Watch")
    return call(b"\x0a" + bytes([len(name)]) + name.encode(), 20)


def test_a_watcher_is_told_each_change_and_the_end(half_plus_three, tmp_path):
    save_linear(tmp_path / "roses" / "1", 2.0, 0.0)
    models = models_of(half_plus_three)
    both = [settings_of_folder(half_plus_three), settings_of_folder(tmp_path / "roses")]
    running = GrpcServer(models, GrpcSettings(port=0, token="secret"))
    running.start()
    with grpc.insecure_channel(f"127.0.0.1:{running.port}") as channel:
        server, roses = watch(channel, ""), watch(channel, "roses")
        assert next(server) == SERVING
        assert next(roses) == SERVICE_UNKNOWN
        models.reload(both)
        assert next(roses) == SERVING
        models.reload(both[:1])
        assert next(roses) == SERVICE_UNKNOWN
        assert running.stop(drain_seconds=20)
        assert [*server, *roses] == [NOT_SERVING, NOT_SERVING]  # and then the streams end


def test_watchers_hold_no_thread_and_are_forgotten(half_plus_three):
    with serving_grpc(models_of(half_plus_three), threads=1) as place, grpc.insecure_channel(place) as channel:
        watchers = [watch(channel, "") for _ in range(64)]
        assert [next(each) for each in watchers] == [SERVING] * 64
        one_more = watch(channel, "")
        with pytest.raises(grpc.RpcError) as caught:
            list(one_more)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        for each in watchers:
            each.cancel()
        deadline = time.monotonic() + 20
        while any(thread.name == "health" for thread in threading.enumerate()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert next(watch(channel, "")) == SERVING


def test_grpc_s_own_client_calls_a_server_only_while_it_is_healthy(half_plus_three, monkeypatch):
    """A channel that is told to check health watches it, and sends its calls elsewhere, or fails them, in between."""
    watched = json.dumps(
        {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": "half_plus_three"}}
    )
    models = models_of(half_plus_three)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "half_plus_three"
    with serving_grpc(models) as place:
        channel = grpc.insecure_channel(place, [("grpc.service_config", watched)])
        with grpc_stubs(place, channel) as (_, status):
            assert status.GetModelStatus(request, 20, wait_for_ready=True).model_version_status[0].version == 123
            monkeypatch.setattr(type(models), "names", [])
            assert first_refusal(lambda: status.GetModelStatus(request, 5)) == grpc.StatusCode.UNAVAILABLE
            monkeypatch.undo()
            assert status.GetModelStatus(request, 20, wait_for_ready=True).model_version_status


def first_refusal(call):
    """The code of the first call that fails, within 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            call()
        except grpc.RpcError as error:
            return error.code()
    return None
