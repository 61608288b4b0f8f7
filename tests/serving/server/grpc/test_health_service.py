"""The health service, asked by a client that writes its messages itself, as any load balancer may."""

import grpc
import pytest

from tests.serving.conftest import models_of, serving_grpc

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # field 1, a number


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
