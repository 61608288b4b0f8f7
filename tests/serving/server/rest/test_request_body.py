"""Bodies that are too large: refused before they have come, in a way that every client can read."""

import json
import shutil
import socket
import subprocess

import httpx
import pytest

from imgcls.serving.server.rest import request_body
from tests.serving.conftest import models_of, serving

PREDICT = "/v1/models/half_plus_three:predict"
HEAD = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\n"
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def address(half_plus_three):
    with serving(models_of(half_plus_three), most_bytes=1000) as address:
        yield address


def connected(address: str) -> socket.socket:
    url = httpx.URL(address)
    return socket.create_connection((url.host, url.port), timeout=20)  # the server waits 60 s for a body


def check_refused(answer: bytes) -> None:
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()
    assert "--max-request-mib" in json.loads(content)["error"]


@pytest.mark.parametrize("more", ["Content-Length: 99999999999", "Content-Length: 1001\r\nExpect: 100-continue",
                                  f"Transfer-Encoding: chunked\r\n\r\n7d0\r\n{' ' * 1001}"])  # fmt: skip
def test_who_announces_or_sends_too_much_is_refused_at_once(address, more):
    with connected(address) as connection:
        connection.sendall(f"{HEAD}{more}\r\n\r\n".encode())
        check_refused(connection.recv(65536))


@pytest.mark.parametrize("is_announced", [True, False])
def test_who_reads_only_at_the_end_gets_the_answer(address, is_announced):
    how = f"Content-Length: {20 * MEBIBYTE}" if is_announced else "Transfer-Encoding: chunked"
    part = bytes(MEBIBYTE) if is_announced else b"100000\r\n" + bytes(MEBIBYTE) + b"\r\n"
    with connected(address) as connection:
        connection.sendall(f"{HEAD}{how}\r\n\r\n".encode())
        for _ in range(20):
            connection.sendall(part)
        connection.sendall(b"" if is_announced else b"0\r\n\r\n")
        check_refused(connection.recv(65536))
        assert connection.recv(1) == b""


def test_the_rest_is_not_waited_for_without_end(address, monkeypatch):
    monkeypatch.setattr(request_body, "REST_SECONDS", 0.1)
    with connected(address) as connection:
        connection.sendall(f"{HEAD}Content-Length: 99999999999\r\n\r\n".encode())
        check_refused(connection.recv(65536))
        assert connection.recv(1) == b""
    assert httpx.post(address + PREDICT, json={"instances": [1.0]}).status_code == 200


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("header", ["Expect: 100-continue", "Expect:", "Transfer-Encoding: chunked"])
def test_curl_shows_the_answer_and_stops_sending(address, header, tmp_path):
    file = tmp_path / "large"
    with file.open("wb") as large:
        large.truncate(200 * MEBIBYTE)
    figures = "\n%{http_code} %{size_upload}"
    told = ["curl", "-sS", "-w", figures, "-H", header, "-T", file, "-X", "POST", address + PREDICT]
    found = subprocess.run(told, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
    content, _, written = found.stdout.rpartition("\n")
    status, sent = written.split()
    assert "--max-request-mib" in json.loads(content)["error"]
    assert status == "413"
    assert int(sent) < 200 * MEBIBYTE
