"""The gate in front of everything, by real requests to the app as it is started."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

APP = Path(__file__).parents[2] / "apps" / "app.py"
WORD = "three small horses"
PAGE = {"accept": "text/html"}


def serve(password: str) -> tuple[subprocess.Popen, str]:
    """The app with a password, as soon as it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", APP, "--server.port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "IMGCLS_PASSWORD": password},
    )  # fmt: skip
    for line in server.stdout:
        if "URL:" in line:
            break
    return server, f"http://localhost:{port}"


@pytest.fixture
def app(here):
    server, address = serve(WORD)
    try:
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=30)


def handshake(app: str, cookie: str = "") -> bytes:
    """The first line with which the app answers one that asks for its WebSocket."""
    host = app.removeprefix("http://")
    asked = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: {app}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Cookie: {cookie}\r\n\r\n"
    )
    with socket.create_connection(("localhost", int(host.split(":")[1])), timeout=20) as line:
        line.sendall(asked.encode())
        return line.recv(4096).split(b"\r\n")[0]


def test_without_the_password_nothing_is_given_away(app):
    with httpx.Client(base_url=app) as nobody:
        asked = nobody.get("/data?project=clothes", headers=PAGE)
        assert asked.status_code == 401
        assert 'type="password"' in asked.text
        assert "streamlit" not in asked.text.lower()
        for address in ("/_stcore/health", "/_stcore/host-config", "/file/abc?key=1", "/picture/a/1/1", "/media/x.png"):
            refused = nobody.get(address)
            assert refused.status_code == 401, address
            assert "<" not in refused.text
        assert nobody.put("/_stcore/upload_file/a/b", content=b"x").status_code == 401
        assert nobody.get("/", headers={"cookie": "imgcls_login=9999999999.0123456789abcdef0123456789abcdef"})
    assert b"403" in handshake(app)


def test_the_password_opens_the_page_that_was_asked_for(app):
    with httpx.Client(base_url=app) as user:
        wrong = user.post("/data?project=clothes", data={"password": "three horses"})
        assert wrong.status_code == 401
        assert "not the password" in wrong.text
        right = user.post("/data?project=clothes", data={"password": WORD})
        assert right.headers["location"] == "/data?project=clothes"
        cookie = right.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        shown = user.get("/data", headers=PAGE)
        assert "streamlit" in shown.text.lower()
        assert shown.headers["cache-control"] == "no-store"  # so that Back asks again after the logout
        script = re.search(r'src="\./(static/[^"]+\.js)"', shown.text)[1]
        assert "no-store" not in user.get(f"/{script}").headers.get("cache-control", "")
        assert user.get("/_stcore/health").text == "ok"
        assert b"101" in handshake(app, cookie.split(";")[0])
        ends, key = re.search(r"imgcls_login=(\d+)\.(\w+)", cookie).groups()
        forged = f"imgcls_login={int(ends) + 1}.{key}"
        assert httpx.get(f"{app}/", headers={**PAGE, "cookie": forged}).status_code == 401
        assert user.get("/logout").headers["location"] == "/"
        assert user.get("/", headers=PAGE).status_code == 401


def test_a_login_never_leads_to_another_machine(here):
    user = TestClient(gate(), follow_redirects=False)
    led = user.post("http://testserver//elsewhere.example/x", data={"password": WORD}).headers["location"]
    assert led == "/elsewhere.example/x"


def gate(password: str = WORD):
    from safety.password import Gate

    async def behind(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"behind"})

    return Gate(behind, password)


def test_a_login_ends(here, monkeypatch):
    user = TestClient(gate())
    assert user.post("/", data={"password": WORD}).text == "behind"
    then = time.time() + 8 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: then)
    user.cookies.jar.clear_expired_cookies = lambda: None  # a thief's browser keeps it
    assert user.get("/").status_code == 401


def test_another_password_ends_all_logins(here):
    user, later = TestClient(gate()), TestClient(gate("another"))
    user.post("/", data={"password": WORD})
    assert user.get("/").text == "behind"
    later.cookies = user.cookies
    assert later.get("/").status_code == 401


def test_tries_of_one_machine_wait_for_each_other(here, monkeypatch):
    from safety import password

    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    user = TestClient(gate())
    for _ in range(3):
        assert user.post("/", data={"password": "wrong"}).status_code == 401
    assert [each for each in pauses if each] == [password.DELAY] * 3


def test_more_than_a_password_is_not_read(here):
    user = TestClient(gate())
    assert user.post("/", data={"password": WORD + "x" * 10_000}).status_code == 401


def test_an_empty_password_is_refused_at_the_start(here):
    environment = {**os.environ, "IMGCLS_PASSWORD": ""}
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", APP], capture_output=True, text=True, env=environment, timeout=60
    )
    assert ended.returncode != 0
    assert "IMGCLS_PASSWORD is set and empty" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_started_around_the_gate_the_app_shows_nothing(page, monkeypatch):
    monkeypatch.setenv("IMGCLS_PASSWORD", WORD)
    shown = page("home")
    assert "nothing asks for it" in shown.errors
    assert not shown.widgets.button
