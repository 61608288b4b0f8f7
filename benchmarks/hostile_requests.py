"""Requests that a server has to survive, each with the statuses that are right: `soak.py` and a test send them."""

import gzip
import io
import json
import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import httpx

LARGE = 32_000  # pixels each way: a gigabyte of gray
CLOSED = 0  # no answer: the caller hung up, or the server did


@dataclass(frozen=True)
class Hostile:
    """One request.

    Attributes:
        name: What is wrong with it.
        send: Sends it to a server's address and a model's name; returns the status and the body of the answer.
        expected: The statuses that are right.
    """

    name: str
    send: Callable[[str, str], tuple[int, str]]
    expected: tuple[int, ...]


def posted(body: bytes | str | dict, call: str = ":predict", **headers: str) -> Callable[[str, str], tuple[int, str]]:
    """Post to a model."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body

    def send(address: str, model: str) -> tuple[int, str]:
        url = f"{address}/v1/models/{model}{call}"
        with httpx.Client(timeout=120) as client:
            response = client.post(url, content=content, headers=headers)
        return response.status_code, response.text

    return send


def written(data: bytes, *, hangs_up: bool = False) -> Callable[[str, str], tuple[int, str]]:
    """Write bytes to the port, and read until the server hangs up, or do not wait for it."""

    def send(address: str, model: str) -> tuple[int, str]:
        url = httpx.URL(address)
        with socket.create_connection((url.host, url.port), timeout=120) as connection:
            connection.sendall(data.replace(b"MODEL", model.encode()))
            return (CLOSED, "") if hangs_up else _answer(connection)

    return send


def _answer(connection: socket.socket) -> tuple[int, str]:
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    text = received.decode("utf-8", "replace")
    return int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else CLOSED, text


@cache
def huge_png() -> bytes:
    """A gray image of a gigabyte, in a megabyte."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    hundred = packer.compress(bytes(100 * (LARGE + 1))) + packer.flush(
        zlib.Z_FULL_FLUSH
    )  # of which all others are copies
    checksum = (LARGE * (LARGE + 1) % 65_521) << 16 | 1  # Adler's, of zeros
    packed = b"\x78\xda" + hundred * (LARGE // 100) + b"\x03\x00" + struct.pack(">I", checksum)
    file = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    file.seek(0, io.SEEK_END)
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", LARGE, LARGE, 8, 0, 0, 0, 0)),
        (b"IDAT", packed),
        (b"IEND", b""),
    ):
        file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
    return file.getvalue()


@cache
def many_frames() -> bytes:
    """A GIF of 2,000 frames, each of 4 megapixels and a few bytes."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 2000, 2000, 0) + b"\x02\x02\x4c\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 2000, 2000, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    return head + frame * 2000 + b"\x3b"


def _head(path: str, length: int, more: str = "") -> bytes:
    return f"POST /v1/models/MODEL{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def hostile_requests(most_bytes: int) -> list[Hostile]:
    """All of them, for a server that takes bodies of `most_bytes`."""
    one = {"instances": [{"b64": "AAAA"}]}
    gzipped = gzip.compress(bytes(8 * most_bytes))
    cut_off_form = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\x89PNG'
    return [
        Hostile("no JSON", posted(b"no json"), (400,)),
        Hostile("JSON that ends early", posted(b'{"instances": [{"b64": "AA'), (400,)),
        Hostile("nested a hundred thousand deep", posted(b'{"instances": ' + b"[" * 100_000), (400,)),
        Hostile("no base64", posted({"instances": [{"b64": "%%%"}]}), (400,)),
        Hostile("no images", posted({"instances": []}), (400,)),
        Hostile("100,000 instances", posted({"instances": [{"b64": ""}] * 100_000}), (400,)),
        Hostile("too large", posted(b" " * (most_bytes + 1)), (413,)),
        Hostile("gzip that unpacks to more", posted(gzipped, **{"Content-Encoding": "gzip"}), (413,)),
        Hostile("no gzip", posted(b"no gzip", **{"Content-Encoding": "gzip"}), (400,)),
        Hostile("an image of a gigabyte", lambda *to: posted(huge_png(), "/classify")(*to), (200, 413)),
        Hostile("an image of 2,000 frames", lambda *to: posted(many_frames(), "/classify")(*to), (200, 413)),
        Hostile("no image", posted(b"no image", "/classify"), (200,)),
        Hostile("a form that ends early",
                posted(cut_off_form, "/classify", **{"Content-Type": "multipart/form-data; boundary=b"}), (400,)),
        Hostile("an unknown signature", posted({"signature_name": "none", **one}), (400,)),
        Hostile("an unknown version", posted(one, "/versions/999999:predict"), (404,)),
        Hostile("an unknown label", posted(one, "/labels/none:predict"), (400,)),
        Hostile("an unknown model", posted(one, "-none:predict"), (404,)),
        Hostile("a wrong type", posted({"instances": [{"image_bytes": 1}]}), (400,)),
        Hostile("who hangs up in the middle", written(_head(":predict", 900) + b"{", hangs_up=True), (CLOSED,)),
        Hostile("who hangs up before the answer", written(_head(":predict", 2) + b"{}", hangs_up=True), (CLOSED,)),
        Hostile("a head that never ends", written(b"POST /v1/models/MODEL:predict HTTP/1.1\r\nHost: x\r\n"), (408,)),
        Hostile("a body that never comes", written(_head(":predict", 900)), (408,)),
        Hostile("a chunk of a wrong length",
                written(_head(":predict", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"zz\r\n"),
                (400, CLOSED)),
        Hostile("TLS where there is none", written(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), (400, CLOSED)),
        Hostile("headers without end", written(b"GET / HTTP/1.1\r\nA: " + b"a" * 200_000), (400, 431, CLOSED)),
    ]  # fmt: skip
