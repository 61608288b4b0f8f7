import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from imgcls.data.images.decoding import UNKNOWN_FORMAT
from imgcls.serving.client import AsyncClient, Client, questions
from imgcls.serving.server.core.model_settings import ModelSettings
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.monitoring.metrics import Metrics
from tests.serving.conftest import CLASS_NAMES, save_linear, serving, serving_grpc

TOO_LARGE = r"(HTTP 413\): The request is larger|RESOURCE_EXHAUSTED\): .*larger than max)"


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def address(request, served_bundle):
    if request.param == "REST":
        with serving(served_bundle) as address:
            yield address
    else:
        with serving_grpc(served_bundle) as place:
            yield f"grpc://{place}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.thorough
def test_files_and_bytes_get_names(address, bundle, images):
    with Client(address, "clothing") as client:
        predictions = client.predict([images[0], str(images[1]), images[2].read_bytes()])
    for prediction, expected in zip(predictions, bundle([path.read_bytes() for path in images[:3]]), strict=True):
        assert prediction.classes == expected.classes
        assert set(prediction.classes) == set(CLASS_NAMES)
        np.testing.assert_allclose(prediction.probabilities, expected.probabilities, atol=1e-5)


def test_the_likeliest_classes_alone(address, images):
    with Client(address, "clothing") as client:
        expected, found = client.predict(images[:2]), client.predict([*images[:2], b"no image"], top_k=3)
        with pytest.raises(ValueError, match="top_k is 0; expected at least 1"):
            client.predict(images[:2], top_k=0)
        with pytest.raises(ValueError, match=r"top_k is 1099511627776; expected at most 2,147,483,647\."):
            client.predict(images[:2], top_k=2**40)
        assert client.predict(images[:1], top_k=2**31 - 1)[0].classes == expected[0].classes
    assert [each.classes for each in found] == [*(each.classes[:3] for each in expected), []]
    assert found[-1].problem == UNKNOWN_FORMAT


def test_many_images_go_in_several_requests_and_keep_their_order(address, images, monkeypatch, tmp_path):
    monkeypatch.setattr(questions, "BATCH", 7)
    wanted = [*images, tmp_path / "missing.png", b"no image", *images, b""]
    with Client(address, "clothing", version=1) as client:
        predictions = client.predict(wanted)
        features, problems = client.embedding(wanted)
    assert [prediction.problem for prediction in predictions] == problems
    assert problems[20:22] == [
        "no such file or directory",
        UNKNOWN_FORMAT,
    ]
    assert problems[-1] == "the file is empty (0 bytes)"
    assert problems[:20] == problems[22:42] == [""] * 20
    assert predictions[:20] != predictions[1:21]
    for first, second in zip(predictions[:20], predictions[22:42], strict=True):
        np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-5)
    assert [len(row) for row in features] == [0 if problem else 64 for problem in problems]


def test_many_clients_at_once_get_their_own_answers(address, images):
    files = [path.read_bytes() for path in images]
    with Client(address, "clothing") as client:
        expected = client.predict(files)

    def call(turn: int) -> bool:
        wanted = [(turn + place) % len(files) for place in range(5)]
        with Client(address, "clothing") as client:
            found = client.predict([*(files[place] for place in wanted), b"no image"])
        same = [
            np.allclose(prediction.probabilities, expected[place].probabilities, atol=1e-5)
            for prediction, place in zip(found, wanted, strict=False)
        ]
        return all(same) and bool(found[-1].problem)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(24)))


def test_requests_are_bounded_in_bytes(address, images, monkeypatch):
    monkeypatch.setattr(questions, "BATCH_BYTES", 1)
    with Client(address, "clothing") as client:
        assert [prediction.problem for prediction in client.predict(images[:3])] == ["", "", ""]
        assert client.predict([]) == []


def test_status_and_metadata(address):
    with Client(address + "/", "clothing") as client:
        assert client.status()["model_version_status"][0]["state"] == "AVAILABLE"
        assert "embedding" in client.metadata()["metadata"]["signature_def"]["signature_def"]


@pytest.mark.parametrize(("name", "version"), [("cloth", None), ("clothing", 9), ("a/b c", None)])
def test_a_model_that_the_server_lacks(address, name, version, images):
    with Client(address, name, version) as client, pytest.raises(ValueError, match="Servable not found"):
        client.predict(images[:1])


def test_a_refusal_comes_in_the_servers_words(address, monkeypatch):
    with Client(address, "clothing") as client, pytest.raises(RuntimeError, match=TOO_LARGE):
        client.predict([bytes(2 << 20)])


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_no_server(scheme):
    client = Client(f"{scheme}://127.0.0.1:{free_port()}", "clothing", retries=1)
    with client, pytest.raises(ConnectionError, match=r"No server answers .* -m imgcls\.serve saved_models/clothing"):
        client.status()


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_does_not_answer_in_time(scheme):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        with Client(url, "clothing", timeout=0.2) as client, pytest.raises(TimeoutError, match=r"within 0\.2 seconds"):
            client.status()


@contextmanager
def json_server(status: int, content: bytes):
    """A server that says the same to everything."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *anything):
            pass

    with HTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "content"), [(200, b'{"a": 1}'), (200, b'{"outputs": 1}'), (404, b'{"detail": "Not Found"}')]
)
@pytest.mark.parametrize("label", ["", "stable"])
def test_a_server_of_another_kind_that_speaks_json(status, content, label):
    said = (
        rf"http://127\.0\.0\.1:\d+ is no TensorFlow Serving \(HTTP {status}, application/json\)\. Check the address\."
    )

    async def ask(address):
        async with AsyncClient(address, "clothing", label=label) as client:
            await client.status()

    with json_server(status, content) as address:
        with Client(address, "clothing", label=label) as client:
            for asked in (client.status, client.metadata, lambda: client.predict([b"image"])):
                with pytest.raises(RuntimeError, match=said):
                    asked()
        with pytest.raises(RuntimeError, match=said):
            asyncio.run(ask(address))


def test_another_kind_of_server():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>Hello</p>")

        def log_message(self, *anything):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.handle_request).start()
        client = Client(f"http://127.0.0.1:{server.server_port}", "clothing")
        with client, pytest.raises(RuntimeError, match=r"no TensorFlow Serving \(HTTP 200, text/html\)"):
            client.status()


def test_a_single_image_needs_its_list():
    with (
        Client("http://127.0.0.1:1", "clothing") as client,
        pytest.raises(ValueError, match=r"is a single str; .* list"),
    ):
        client.predict("photo.jpg")


def test_the_address_may_name_the_model(address, images):
    way = "" if address.startswith("grpc") else "/v1/models"
    with Client(f"{address}{way}/clothing/versions/1") as client:
        assert client.predict(images[:1])[0].problem == ""
    with Client(f"{address}{way}/clothing/labels/canary") as client, pytest.raises(ValueError, match="canary"):
        client.predict(images[:1])
    with pytest.raises(ValueError, match="names no model"):
        Client(address)
    with pytest.raises(ValueError, match="Both version 1 and label 'canary' are given"):
        Client(address, "clothing", 1, label="canary")


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def labelled(request, tmp_path_factory):
    """The address of a server with versions 1 and 2, of which 1 has a label."""
    folder = tmp_path_factory.mktemp("models") / "line"
    for number in (1, 2):
        save_linear(folder / str(number), 0.5, number)
    models = Models([ModelSettings("line", folder, 0, labels={"stable": 1})], None, Metrics())
    with (serving if request.param == "REST" else serving_grpc)(models) as place:
        yield place if "://" in place else f"grpc://{place}"


def test_a_label_that_the_server_lacks_is_refused_as_a_version_is(labelled):
    inputs = {"x": np.ones(1, np.float32)}
    with Client(labelled, "line", label="nix") as client:
        for ask in (client.status, client.metadata, lambda: client.run("serving_default", inputs)):
            with pytest.raises(ValueError, match="has no model 'line' with the label 'nix'"):
                ask()


def test_the_status_of_a_label_is_that_of_its_version(labelled):
    async def ask(label):
        async with AsyncClient(labelled, "line", label=label) as client:
            return await client.status()

    with Client(labelled, "line", label="stable") as client:
        status = client.status()
    assert [each["version"] for each in status["model_version_status"]] == ["1"]
    assert asyncio.run(ask("stable")) == status
    with pytest.raises(ValueError, match="with the label 'nix'"):
        asyncio.run(ask("nix"))


def test_any_signature(address, bundle, images):
    """What a signature of pixels says over the wire is what the bundle says here."""
    pixels = np.full((2, 28, 28, 1), 100, np.float32)
    with Client(address, "clothing") as client:
        found = client.run("outputs", {"pixels": pixels})
    expected = bundle.model.run("outputs", {"pixels": pixels})
    assert set(found) == set(expected)
    np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-5)


def test_the_token_is_sent(served_bundle, images):
    with serving_grpc(served_bundle, token="secret") as place:
        with Client(f"grpc://{place}/clothing", token="secret") as client:
            assert client.predict(images[:1])[0].problem == ""
        with Client(f"grpc://{place}/clothing") as client, pytest.raises(RuntimeError, match="UNAUTHENTICATED"):
            client.predict(images[:1])


class Shaky(BaseHTTPRequestHandler):
    """Answers the first request with 503 and the second by hanging up."""

    asked = 0
    tokens: ClassVar = []

    def do_GET(self):
        Shaky.asked += 1
        Shaky.tokens.append(self.headers.get("Authorization"))
        if Shaky.asked == 2:
            self.connection.close()
            return
        body = b'{"error": "full"}' if Shaky.asked == 1 else b'{"model_version_status": []}'
        self.send_response(503 if Shaky.asked == 1 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *anything):
        pass


@pytest.mark.parametrize(("retries", "error"), [(2, None), (1, ConnectionError), (0, RuntimeError)])
def test_a_request_is_repeated_where_that_may_help(retries, error, monkeypatch):
    monkeypatch.setattr(Shaky, "asked", 0)
    with HTTPServer(("127.0.0.1", 0), Shaky) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            client = Client(f"http://127.0.0.1:{server.server_port}", "clothing", retries=retries, token="secret")
            with client, pytest.raises(error) if error else nullcontext():
                assert client.status() == {"model_version_status": []}
        finally:
            server.shutdown()
            thread.join()
    assert Shaky.asked == retries + 1
    assert set(Shaky.tokens) == {"Bearer secret"}


def test_an_address_needs_its_scheme():
    with pytest.raises(ValueError, match=r"expected an address such as 'http://127\.0\.0\.1:8501'"):
        Client("localhost:8501", "clothing")


def test_a_file_that_the_server_cannot_decode_is_sent_as_a_png(address, images, tmp_path):
    with Image.open(images[0]) as image:
        image.save(tmp_path / "same.tif")
    (tmp_path / "page.png").write_text("<html>")
    with Client(address, "clothing") as client:
        png, tiff, page, as_it_is = client.predict(
            [images[0], tmp_path / "same.tif", tmp_path / "page.png", (tmp_path / "same.tif").read_bytes()]
        )
    np.testing.assert_allclose(tiff.probabilities, png.probabilities, atol=1e-5)
    assert page.problem.startswith("an HTML page")
    assert as_it_is.problem == UNKNOWN_FORMAT
