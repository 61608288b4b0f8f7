import asyncio
import socket

import numpy as np
import pytest

from imgcls.serving.client import AsyncClient, Client
from tests.serving.conftest import serving, serving_grpc


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def address(request, served_bundle):
    if request.param == "REST":
        with serving(served_bundle) as address:
            yield f"{address}/v1/models/clothing"
    else:
        with serving_grpc(served_bundle) as place:
            yield f"grpc://{place}/clothing"


def test_it_says_what_the_other_client_says(address, images, tmp_path):
    wanted = [*images[:5], tmp_path / "missing.png", b"no image"]
    with Client(address) as client:
        expected, expected_features = client.predict(wanted), client.embedding(wanted)

    async def ask():
        async with AsyncClient(address) as client:
            return await asyncio.gather(client.predict(wanted), client.embedding(wanted), client.status())

    found, features, status = asyncio.run(ask())
    assert [each.problem for each in found] == [each.problem for each in expected]
    for one, other in zip(found[:5], expected[:5], strict=True):
        assert one.classes == other.classes
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    assert features[1] == expected_features[1]
    assert status["model_version_status"][0]["state"] == "AVAILABLE"


def test_many_requests_at_once_keep_their_answers(address, images):
    with Client(address) as client:
        expected = client.predict(images)

    async def ask():
        async with AsyncClient(address) as client:
            return await asyncio.gather(*(client.predict([path]) for path in images))

    for (found,), other in zip(asyncio.run(ask()), expected, strict=True):
        np.testing.assert_allclose(found.probabilities, other.probabilities, atol=1e-5)


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_errors(scheme, images):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def ask(**options):
        async with AsyncClient(f"{scheme}://127.0.0.1:{port}", "clothing", **options) as client:
            await client.predict(images[:1])

    with pytest.raises(ConnectionError, match="No server answers"):
        asyncio.run(ask(retries=0))
    with socket.create_server(("127.0.0.1", port)), pytest.raises(TimeoutError, match=r"within 0\.2 seconds"):
        asyncio.run(ask(timeout=0.2))


def test_a_single_image_needs_its_list(address):
    async def ask():
        async with AsyncClient(address) as client:
            await client.predict("photo.jpg")

    with pytest.raises(ValueError, match=r"is a single str; .* list"):
        asyncio.run(ask())
