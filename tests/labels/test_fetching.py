"""ImageIndex fetched from a real server on the loopback, in all the ways in which servers disappoint."""

import http.server
import io
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import PIL.Image
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from imgcls.labels import connections, fetching
from imgcls.labels.connections import is_public
from imgcls.labels.fetching import Limits, fetch, read_addresses
from imgcls.labels.image_index import upright_size

LOOPBACK = Limits(largest=50_000, seconds=5.0, private=True)


def image(format: str = "PNG", gray: int = 90) -> bytes:
    data = io.BytesIO()
    PIL.Image.new("L", (16, 12), gray).save(data, format)
    return data.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the path, and counts who asked for what."""

    asked: ClassVar[Counter] = Counter()
    stalled = threading.Event()

    def do_GET(self):
        self.asked[self.path] += 1
        name, _, rest = self.path.strip("/").partition("/")
        getattr(self, f"_{name}", self._gone)(rest)

    def _answer(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _ok(self, rest):
        self._answer(200, image(rest.split("?")[0].split(".")[-1].upper().replace("JPG", "JPEG") or "PNG"))

    def _page(self, rest):
        self._answer(200, b"<!doctype html><title>Sign in</title>", Content_Type="image/png")

    def _text(self, rest):
        self._answer(200, b"just text that goes on for a while, and on")

    def _empty(self, rest):
        self._answer(200, b"")

    def _gone(self, rest):
        self._answer(404, b"")

    def _later(self, rest):
        again = self.asked[self.path] > 2
        self._answer(200 if again else 503, image() if again else b"", Retry_After="0")

    def _broken(self, rest):
        self._answer(500, b"")

    def _large(self, rest):
        self._answer(200, image() + bytes(200_000))

    def _endless(self, rest):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(image())
        try:
            while True:
                self.wfile.write(bytes(10_000))
        except OSError:
            pass

    def _drip(self, rest):
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        try:
            for byte in image() * 10:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass

    def _short(self, rest):
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(image())
        self.close_connection = True

    def _to(self, rest):
        self._answer(302, b"", Location=rest if re.match(r"\w+://", rest) else f"/{rest}")

    def _loop(self, rest):
        self._answer(301, b"", Location=self.path)

    def _stall(self, rest):
        self.stalled.wait(20)
        self._answer(200, image())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    Handler.asked = Counter()
    Handler.stalled = threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        Handler.stalled.set()
        running.shutdown()
        thread.join()


def fetch_one(address: str, folder: Path, limits: Limits = LOOPBACK):
    (outcome,) = fetch([address], folder, limits)
    assert not list(folder.glob(".partial*"))
    assert bool(outcome.reason) == (not list(folder.iterdir()))
    return outcome


def test_a_table_of_addresses_becomes_images_and_records(server, tmp_path, look):
    rows = [f"{server}/ok/a.jpg,cat,anna", f"{server}/gone/b.jpg,dog,", f"{server}/ok/c.png?size=9&x=ä ö,dog,boris"]
    (tmp_path / "found.csv").write_text("\n".join(["Image URL,label,by", *rows]))
    seen = []
    records = read_addresses(tmp_path / "found.csv", tmp_path / "images", LOOPBACK, keep=["by"],
                             on_progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    found = records.boxes_or_images
    assert found[["label", "source"]].to_numpy().tolist() == [
        ["cat", f"{server}/ok/a.jpg"],
        ["dog", f"{server}/ok/c.png?size=9&x=ä ö"],
    ]
    assert found["image"].str.fullmatch(r"[0-9a-f]{32}\.(jpg|png)").all()
    assert all(upright_size(records.root / image) == (16, 12) for image in found["image"])
    (reported,) = look.reported(records, "left out")
    assert reported[:2] == ("found.csv", "3")
    assert "the server answers 404" in reported[2]
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.bmp", "a.webp", "a.tiff"])
def test_the_bytes_decide_the_suffix(name, server, tmp_path):
    suffix = {"a.tiff": ".tif"}.get(name, name[1:])
    assert fetch_one(f"{server}/ok/{name}", tmp_path / "to").name.endswith(suffix)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("page", "a web page came, no image"),
        ("text", "what came is no image"),
        ("empty", "nothing came"),
        ("gone", "the server answers 404"),
        ("large", "it is larger than 0.05 MB"),
        ("endless", "it is larger than 0.05 MB"),
        ("loop", "it is redirected more than 5 times"),
        ("to/ftp://example.org/a.png", "is no address of http or https"),
        ("to/file:///etc/hostname", "is no address of http or https"),
    ],
)
def test_what_is_no_image_in_bounds_is_reported_and_asked_for_once(path, reason, server, tmp_path):
    assert reason in fetch_one(f"{server}/{path}", tmp_path / "to").reason
    assert Handler.asked[f"/{path}"] == (6 if path == "loop" else 1)


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "ftp://example.org/a", "no address", "", "http://", "//a/b"]
)
def test_only_http_and_https(address, tmp_path):
    assert "is no address of http or https" in fetch_one(address, tmp_path / "to").reason


def test_a_server_that_is_busy_is_asked_again(server, tmp_path):
    assert not fetch_one(f"{server}/later", tmp_path / "to").reason
    assert Handler.asked["/later"] == 3


@pytest.mark.parametrize("path", ["broken", "short"])
def test_a_server_that_stays_broken_is_given_up(path, server, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "FIRST_WAIT", 0.05)
    assert fetch_one(f"{server}/{path}", tmp_path / "to").reason
    assert Handler.asked[f"/{path}"] == 4


@pytest.mark.parametrize("path", ["drip", "stall", "to/drip"])
def test_a_slow_server_costs_no_more_than_its_time(path, server, tmp_path):
    began = time.monotonic()
    outcome = fetch_one(f"{server}/{path}", tmp_path / "to", Limits(seconds=0.6, private=True))
    assert outcome.reason == "it took longer than 0.6 s"
    assert time.monotonic() - began < 3


def test_redirects_are_followed(server, tmp_path):
    assert fetch_one(f"{server}/to/to/{server}/ok/a.png", tmp_path / "to").name.endswith(".png")


def test_private_addresses_are_refused_by_number_name_and_redirect(server, tmp_path, monkeypatch):
    careful = Limits(seconds=5)
    port = server.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"):
        outcome = fetch_one(f"http://{host}:{port}/ok/a.png", tmp_path / "to", careful)
        assert "is the private address" in outcome.reason, host
    assert not Handler.asked
    monkeypatch.setattr(connections, "is_public", lambda address: address == "127.0.0.1" or is_public(address))
    assert not fetch_one(f"{server}/ok/a.png", tmp_path / "a", careful).reason
    for inner in ("http://169.254.169.254/latest/meta-data", "http://10.0.0.7/a.png", "http://[::1]/a.png"):
        assert "is the private address" in fetch_one(f"{server}/to/{inner}", tmp_path / "to", careful).reason


def test_a_name_is_resolved_once_and_the_checked_machine_is_asked(server, tmp_path, monkeypatch):
    """A name server that gives an innocent address to the check and another one to the connection."""
    resolve, answers = socket.getaddrinfo, iter(["127.0.0.1", "10.0.0.1"])

    def changing(host, port, *arguments, **options):
        return resolve(next(answers) if host == "images.example" else host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    monkeypatch.setattr(connections, "is_public", lambda address: address == "127.0.0.1")
    port = server.rsplit(":", 1)[1]
    assert not fetch_one(f"http://images.example:{port}/ok/a.png", tmp_path / "to", Limits(seconds=5)).reason
    assert next(answers) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
     ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
     ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
     ("fe80::1", False), ("fc00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
     ("2002:a00:1::", False), ("ff02::1", False), ("64:ff9b::5db8:d822", True)],
)  # fmt: skip
def test_which_addresses_are_of_the_open_net(address, public):
    assert is_public(address) == public


def test_many_are_fetched_at_once_and_come_in_order(server, tmp_path):
    addresses = [f"{server}/ok/{i}.png" if i % 3 else f"{server}/gone/{i}" for i in range(60)]
    outcomes = list(fetch(addresses, tmp_path / "to", LOOPBACK))
    assert [bool(outcome.reason) for outcome in outcomes] == [i % 3 == 0 for i in range(60)]


def test_a_killed_fetch_goes_on_where_it_was(server, tmp_path):
    addresses = [*(f"{server}/ok/{i}.png" for i in range(6)), f"{server}/stall"]
    program = f"""
from pathlib import Path
from imgcls.labels.fetching import Limits, fetch
for outcome in fetch({addresses!r}, Path({str(tmp_path / "to")!r}), Limits(private=True)):
    print(outcome.name, flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment, text=True) as child:
        first = [child.stdout.readline().strip() for _ in range(6)]
        child.send_signal(signal.SIGKILL)
    Handler.stalled.set()
    outcomes = list(fetch(addresses, tmp_path / "to", LOOPBACK))
    assert [outcome.name for outcome in outcomes[:6]] == first
    assert outcomes[6].name
    assert {Handler.asked[f"/ok/{i}.png"] for i in range(6)} == {1}


def test_a_table_without_addresses_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("price,label\n1,cat\n")
    with pytest.raises(ValueError, match=r"has no column for image; it has price, label\. Expected address and label"):
        read_addresses(tmp_path / "a.csv", tmp_path / "to")
    with pytest.raises(FileNotFoundError, match="no table at"):
        read_addresses(tmp_path / "b.csv", tmp_path / "to")


def test_the_command_fetches_and_keeps_where_each_came_from(server, tmp_path, command):
    from imgcls.data.manifest.table import Manifest

    rows = [f"{server}/ok/{i}.png,{'cat' if i % 2 else 'dog'}" for i in range(6)]
    (tmp_path / "found.csv").write_text("\n".join(["address,label", *rows]))
    flags = ("--fetch-to", tmp_path / "images", "--output", tmp_path / "m.parquet")
    refused = command("import_labels", tmp_path / "found.csv", *flags)
    assert refused.code == 2
    assert "127.0.0.1 is the private address 127.0.0.1" in refused.err
    assert command("import_labels", tmp_path / "found.csv", *flags, "--allow-private-addresses").code == 0
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert manifest.root == tmp_path / "images"
    assert manifest.table["source"].tolist() == [row.split(",")[0] for row in rows]
    assert len(manifest.usable) == 6


@pytest.fixture
def secure(tmp_path):
    """The port of a server that speaks HTTPS, and the file of the authority that vouches for its name, localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(private + certificate)
    (tmp_path / "authority.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, tmp_path / "authority.pem"
        server.shutdown()


def test_https_is_fetched_if_the_server_proves_its_name_and_not_otherwise(secure, tmp_path, monkeypatch):
    port, authority = secure
    address = f"https://localhost:{port}/ok/a.png"
    (stranger,) = fetch([address], tmp_path / "images", LOOPBACK)
    assert "certificate" in stranger.reason.lower()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    (known,) = fetch([address], tmp_path / "images", LOOPBACK)
    assert known.reason == ""
    assert upright_size(tmp_path / "images" / known.name) == (16, 12)
    (other,) = fetch([f"https://127.0.0.1:{port}/ok/b.png"], tmp_path / "images", LOOPBACK)
    assert "certificate" in other.reason.lower()
