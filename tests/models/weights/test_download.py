"""Files from a server that behaves as those of weights do, and from one that does not."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from imgcls.models.weights.download import ATTEMPTS, Source, fetch

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """A small server of large files: the first address tells the checksum and redirects to the second."""

    def do_GET(self):
        self.server.asked.append(self.path)
        getattr(self, self.path.strip("/").partition("/")[0])()

    def answer(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def linked(self):
        self.answer(302, b"Found", Location="/stored/file", X_Linked_Etag=f'"{SHA256}"', X_Linked_Size="1024000")

    def stored(self):
        self.answer(200, CONTENT)

    def other(self):
        self.answer(302, Location="/stored/file", X_Linked_Etag='"' + "0" * 64 + '"')

    def circle(self):
        self.answer(302, Location="/circle")

    def absent(self):
        self.answer(401, b"Invalid username or password.")

    def busy(self):
        self.answer(503)

    def broken(self):
        if self.server.asked.count(self.path) > self.server.breaks:
            self.stored()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:1000])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.breaks = [], 1
        running.address = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def source(server, what: str, tmp_path, **fields) -> Source:
    return Source(f"{server.address}/{what}", tmp_path / "kept" / "file.bin", **fields)


def nothing_is_left(tmp_path) -> bool:
    return not list((tmp_path / "kept").iterdir())


def test_a_file_is_fetched_once_over_a_redirect_and_checked(server, tmp_path):
    wanted = source(server, "linked/file", tmp_path)
    assert fetch(wanted).read_bytes() == CONTENT
    assert fetch(wanted) == wanted.path
    assert server.asked == ["/linked/file", "/stored/file"]
    assert [path.name for path in wanted.path.parent.iterdir()] == ["file.bin"]


def test_the_first_digits_of_a_checksum_do(server, tmp_path):
    assert fetch(source(server, "stored/file", tmp_path, sha256=SHA256[:8])).read_bytes() == CONTENT


@pytest.mark.parametrize(("what", "fields"), [("other/file", {}), ("stored/file", {"sha256": "00000000"})])
def test_another_checksum_is_refused_and_nothing_kept(server, tmp_path, what, fields):
    with pytest.raises(ValueError, match=r"has the SHA-256 .*; expected 0{8,}\. It was not kept\..* put it at"):
        fetch(source(server, what, tmp_path, **fields))
    assert nothing_is_left(tmp_path)


def test_a_large_file_without_any_checksum_is_refused(server, tmp_path):
    with pytest.raises(ValueError, match="tells no SHA-256"):
        fetch(source(server, "stored/file", tmp_path))
    assert fetch(source(server, "stored/file", tmp_path, is_checked=False)).read_bytes() == CONTENT


def test_a_transfer_that_breaks_off_is_tried_again(server, tmp_path):
    assert fetch(source(server, "broken/file", tmp_path, sha256=SHA256)).read_bytes() == CONTENT
    assert server.asked == ["/broken/file"] * 2


@pytest.mark.parametrize(("what", "said"), [("broken/file", "1000 bytes"), ("busy", "503"), ("circle", "more than 5")])
def test_what_fails_each_time_is_said_with_the_way_by_hand(server, tmp_path, what, said):
    server.breaks = ATTEMPTS
    with pytest.raises(ConnectionError, match=rf"{said}.*Download http://.*/{what} elsewhere .* it at .*file\.bin"):
        fetch(source(server, what, tmp_path, sha256=SHA256))
    assert nothing_is_left(tmp_path)


def test_a_file_that_is_not_there(server, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*absent.*401.* Check the name"):
        fetch(source(server, "absent", tmp_path))
    assert server.asked == ["/absent"]
    assert nothing_is_left(tmp_path)


def test_without_a_network(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        closed.address = f"http://127.0.0.1:{closed.server_port}"
    with pytest.raises(ConnectionError, match=r"could not be downloaded .*refused.* put it at"):
        fetch(source(closed, "linked/file", tmp_path))
    assert nothing_is_left(tmp_path)
