"""Clients that are slow, many, or no HTTP at all."""

import json
import logging
import socket
import time

import httpx
import pytest
import tensorflow as tf

from imgcls.serving.server.rest.http_options import HttpOptions
from tests.serving.conftest import models_of, serving

PREDICT = "/v1/models/half_plus_three:predict"
MANY = 5_000_000  # numbers, of four bytes each in an answer
HEAD = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"


@pytest.fixture(scope="module")
def impatient(half_plus_three):
    with serving(models_of(half_plus_three), options=HttpOptions(upload_seconds=0.3)) as address:
        yield address


def connected(address: str) -> socket.socket:
    url = httpx.URL(address)
    return socket.create_connection((url.host, url.port), timeout=20)


@pytest.fixture(scope="module")
def much(tmp_path_factory):
    """The address of a model that answers with many numbers, and of two connections at most."""
    module = tf.Module()
    module.call = tf.function(
        lambda x: {"y": tf.repeat(x[:, None], MANY, 1)}, input_signature=[tf.TensorSpec((None,), tf.float32, "x")]
    )
    folder = tmp_path_factory.mktemp("models") / "much"
    tf.saved_model.save(module, str(folder / "1"), signatures=module.call)
    with serving(models_of(folder), options=HttpOptions(most_connections=2, upload_seconds=1.0)) as address:
        yield address


def asked_for_much(address: str) -> socket.socket:
    """A connection on which an answer has begun that is larger than what the system keeps for it."""
    url, connection = httpx.URL(address), socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(20)
    connection.connect((url.host, url.port))
    body = b'{"instances":[3.5]}'
    head = f"POST /v1/models/much:predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def all_of(connection: socket.socket) -> str:
    """What the server sends until it hangs up."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return received.decode()


@pytest.mark.parametrize(("sent", "part"), [(HEAD, "head"), (HEAD[:20], "head"), (HEAD + "\r\n{", "body")])
def test_who_is_too_slow_is_told_so(impatient, sent, part):
    with connected(impatient) as connection:
        connection.sendall(sent.encode())
        answer = all_of(connection)
    assert answer.startswith("HTTP/1.1 408 ")
    assert f'{{"error":"The {part} of the request took longer than 0.3 s to arrive."}}' in answer
    assert httpx.post(impatient + PREDICT, json={"instances": [1.0]}).status_code == 200


@pytest.mark.parametrize("sent", [HEAD, HEAD + "\r\n"])
def test_a_byte_now_and_then_buys_no_time(impatient, sent):
    with connected(impatient) as connection:
        connection.sendall(sent.encode())
        connection.setblocking(False)
        begin, received = time.monotonic(), b""
        while not received and time.monotonic() < begin + 20:
            connection.sendall(b"X")
            time.sleep(0.05)
            try:
                received = connection.recv(65536)
            except BlockingIOError:
                continue
    assert received.startswith(b"HTTP/1.1 408 ")


def test_who_says_nothing_is_hung_up_on(impatient):
    with connected(impatient) as connection:
        assert all_of(connection) == ""


def test_a_client_that_keeps_its_connection_is_not_slow(impatient):
    with httpx.Client() as client:
        for _ in range(3):
            assert client.post(impatient + PREDICT, json={"instances": [1.0]}).status_code == 200
            time.sleep(0.4)


def test_one_connection_too_many(half_plus_three):
    with serving(models_of(half_plus_three), options=HttpOptions(most_connections=2)) as address:
        kept = [connected(address) for _ in range(2)]
        for connection in kept:
            connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        refused = httpx.post(address + PREDICT, json={"instances": [1.0]})
        assert refused.status_code == 503
        assert "--max-connections" in refused.json()["error"]
        assert refused.headers["Retry-After"] == "1"
        assert httpx.get(f"{address}/v2/health/live").status_code == 200
        for connection in kept:
            connection.close()
        deadline = time.monotonic() + 20
        while httpx.post(address + PREDICT, json={"instances": [1.0]}).status_code != 200:
            assert time.monotonic() < deadline


def test_who_reads_no_answer_is_hung_up_on(much):
    with asked_for_much(much), asked_for_much(much):
        deadline = time.monotonic() + 20
        while httpx.get(f"{much}/v1/models/much").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_who_reads_slowly_gets_the_whole_answer(much):
    begin, answer = time.monotonic(), b""
    with asked_for_much(much) as connection:
        while not answer.endswith(b"]]}"):
            is_slow = time.monotonic() < begin + 3
            time.sleep(0.05 if is_slow else 0.0)
            part = connection.recv(1 << 16 if is_slow else 1 << 20)
            assert part
            answer += part
    assert answer.count(b"3.5") == MANY


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"no http\r\n\r\n", b"GET / HTTP/1.1\r\nA b\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 100_000])  # fmt: skip
def test_what_is_no_http(impatient, sent):
    with connected(impatient) as connection:
        connection.sendall(sent)
        answer = all_of(connection)
    assert answer[:12] in ("HTTP/1.1 400", "HTTP/1.1 408", "HTTP/1.1 431")
    assert list(json.loads(answer.partition("\r\n\r\n")[2])) == ["error"]
    assert httpx.post(impatient + PREDICT, json={"instances": [1.0]}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("Content-Length: -5\r\n\r\n", "bad Content-Length"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "conflicting Content-Length headers"),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", "illegal chunk header"),
    ],
)
def test_what_is_wrong_in_http_is_said_in_json(impatient, sent, why):
    with connected(impatient) as connection:
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\n{sent}".encode())
        head, _, content = all_of(connection).partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400 ")
    assert "content-type: application/json" in head
    assert json.loads(content)["error"].startswith(f"The request is not valid HTTP: {why}")


def test_a_wrong_chunk_after_the_answer_ends_the_connection_without_a_fault(impatient, caplog):
    caplog.set_level(logging.ERROR)
    with connected(impatient) as connection:
        large = b"Transfer-Encoding: chunked\r\n\r\n200000\r\n" + bytes(0x200000)
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\n".encode() + large)
        assert connection.recv(12) == b"HTTP/1.1 413"
        connection.sendall(b"\r\nzz\r\n")
        assert all_of(connection).count("HTTP/1.1") == 0
    assert httpx.post(impatient + PREDICT, json={"instances": [1.0]}).status_code == 200
    assert caplog.records == []
