import pytest

from imgcls.serving.client import Client
from imgcls.serving.client.load import measure
from tests.serving.conftest import serving, serving_grpc


@pytest.mark.parametrize("scheme", ["REST", "gRPC"])
@pytest.mark.thorough
def test_every_client_is_answered(served_bundle, images, scheme):
    pictures = [path.read_bytes() for path in images[:4]]
    with (
        (serving if scheme == "REST" else serving_grpc)(served_bundle) as place,
        Client(place if scheme == "REST" else f"grpc://{place}", "clothing", retries=0) as client,
    ):
        found = measure(client, pictures, clients=3, images=2, seconds=0.2)
    assert (found.clients, found.images, found.failed) == (3, 2, 0)
    assert found.requests >= 3
    assert found.rate > 0
    assert 0 < found.p50 <= found.p95 <= found.p99


def test_what_nobody_thought_of_ends_it():
    class Client:
        def run(self, signature, inputs):
            raise KeyError(signature)

    with pytest.raises(KeyError):
        measure(Client(), [b"x"], clients=3, images=1, seconds=0.05)


def test_failures_are_counted(served_bundle, images):
    with serving(served_bundle) as address, Client(address, "other", retries=0) as client:
        found = measure(client, [images[0].read_bytes()], clients=2, images=1, seconds=0.05)
    assert found.requests == 0
    assert found.failed >= 2
    assert "Servable not found" in found.why
