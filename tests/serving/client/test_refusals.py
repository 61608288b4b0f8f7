"""What a client says of a server with TLS."""

import asyncio

import pytest

from imgcls.serving.client import AsyncClient, Client
from imgcls.serving.client.refusals import no_server
from imgcls.serving.client.target import make_target
from tests.serving.certificates import self_signed
from tests.serving.conftest import models_of, serving, serving_grpc


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with key.pem and cert.pem, which is of localhost."""
    folder = tmp_path_factory.mktemp("tls")
    for name, content in zip(("key.pem", "cert.pem"), self_signed(), strict=True):
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module", params=["https", "grpcs"])
def server(request, files, half_plus_three):
    """The scheme and the port of a server whose certificate nobody signed."""
    models = models_of(half_plus_three)
    if request.param == "https":
        with serving(models, {"ssl_keyfile": files / "key.pem", "ssl_certfile": files / "cert.pem"}) as place:
            yield "https", place.rpartition(":")[2]
    else:
        certificate = ((files / "key.pem").read_bytes(), (files / "cert.pem").read_bytes())
        with serving_grpc(models, certificate=certificate) as place:
            yield "grpcs", place.rpartition(":")[2]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_is_not_trusted_is_said(server, host):
    scheme, port = server
    address, said = f"{scheme}://{host}:{port}", r"is not trusted \(self.signed certificate\)\. Name .* --ca-file FILE"

    async def ask():
        async with AsyncClient(address, "half_plus_three") as client:
            await client.status()

    with Client(address, "half_plus_three") as client, pytest.raises(ConnectionError, match=said):
        client.status()
    with pytest.raises(ConnectionError, match=said):
        asyncio.run(ask())


def test_a_certificate_of_another_name_is_said(server, files):
    scheme, port = server
    with (
        Client(f"{scheme}://127.0.0.1:{port}", "half_plus_three", ca_file=files / "cert.pem") as client,
        pytest.raises(ConnectionError, match=r"is not trusted \(.*\)\. Ask the server under a name"),
    ):
        client.status()
    with Client(f"{scheme}://localhost:{port}", "half_plus_three", ca_file=files / "cert.pem") as client:
        assert client.status()["model_version_status"]


def test_a_server_that_is_not_there_is_no_question_of_trust():
    target = make_target("https://localhost:1", "line", None, 1.0)
    assert str(no_server(target, "[Errno 111] Connection refused")).startswith("No server answers at https://")


@pytest.mark.parametrize(
    ("server", "scheme", "said"),
    [
        (
            serving,
            "grpc",
            "does not speak gRPC. Check scheme and port of the address: 8500 is usually gRPC's, and 8501",
        ),
        (serving_grpc, "http", "does not speak REST over HTTP. Check scheme and port of the address: 8500 is usually"),
        (serving, "https", "does not speak TLS. Ask it with http://"),
        (serving_grpc, "grpcs", "does not speak TLS. Ask it with grpc://"),
    ],
)
def test_what_answers_in_another_protocol_is_no_missing_server(server, scheme, said, half_plus_three):
    async def ask(address):
        async with AsyncClient(address, "half_plus_three") as client:
            await client.status()

    with server(models_of(half_plus_three)) as place:
        address = f"{scheme}://{place.rpartition('/')[2]}"
        for asked in (lambda: Client(address, "half_plus_three").status(), lambda: asyncio.run(ask(address))):
            with pytest.raises(ConnectionError) as refused:
                asked()
            assert str(refused.value).startswith(f"What answers at {address} {said}")
