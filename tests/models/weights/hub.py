"""A server on this machine that answers as the Hugging Face hub does: redirects, checksums, parts of files."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILE, CONFIG = "model.safetensors", "config.json"


@dataclass
class Hub:
    """What the server has, and how it behaves.

    Attributes:
        files: Content by "<repository>/<file>".
        breaks_off: How many transfers of a large file end in their middle.
        lies: Whether it announces another checksum than that of the content.
        takes_ranges: Whether it sends the rest of a file.
        asked: Method and path of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    breaks_off: int = 0
    lies: bool = False
    takes_ranges: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def sha256(self, name: str) -> str:
        return hashlib.sha256(b"another" if self.lies else self.files[name]).hexdigest()


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub that runs until the end of the block."""
    shown = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, with_body: bool) -> None:
            shown.asked.append(f"{self.command} {self.path}")
            name = self.path.lstrip("/").replace("/resolve/main", "").removeprefix("content/")
            if name not in shown.files:
                return self.send(401, {}, b"")
            if name.endswith(FILE) and not self.path.startswith("/content/"):
                headers = {"X-Linked-Etag": f'"{shown.sha256(name)}"', "Location": f"/content/{name}"}
                return self.send(302, headers, b"")
            return self.send_content(shown.files[name], with_body)

        def send_content(self, content: bytes, with_body: bool) -> None:
            status, first = 200, 0
            if shown.takes_ranges and (asked := self.headers.get("Range")):
                status, first = 206, int(asked.removeprefix("bytes=").rstrip("-"))
            content = content[first:]
            sent = content if with_body else b""
            if sent and shown.breaks_off and self.path.startswith("/content/"):
                shown.breaks_off -= 1
                sent = sent[: len(sent) // 2]
                self.close_connection = True
            self.send(status, {}, sent, length=len(content))

        def send(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body) if length is None else length)}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    shown.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shown
    finally:
        server.shutdown()
        server.server_close()
