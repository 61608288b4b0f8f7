import gzip
import json
import logging
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from benchmarks.hostile_requests import hostile_requests, huge_png
from imgcls.serving.server.rest import http as servers
from imgcls.serving.server.rest.http_options import HttpOptions
from tests.serving.conftest import models_of, save_linear, serving


@pytest.fixture(scope="module")
def address(half_plus_three):
    with serving(models_of(half_plus_three), most_bytes=1000, threads=2) as address:
        yield f"{address}/v1/models/half_plus_three"


def test_answers_are_json(address):
    response = httpx.post(f"{address}:predict", content=b'{"instances": [1.0, 2.0, 5.0]}')
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"predictions": [3.5, 4.0, 5.5]}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/versions/7", 404), ("POST", ":explain", 400), ("DELETE", "", 400)]
)
def test_refusals_are_json(address, method, path, status):
    response = httpx.request(method, address + path)
    assert response.status_code == status
    assert list(response.json()) == ["error"]


def test_freed_memory_is_given_back_now_and_then(half_plus_three, monkeypatch):
    given = threading.Semaphore(0)
    monkeypatch.setattr(servers, "GIVE_BACK_SECONDS", 0.01)
    monkeypatch.setattr(servers, "give_back_freed", given.release)
    with serving(models_of(half_plus_three)):
        assert all(given.acquire(timeout=10) for _ in range(3))


def test_a_query_string_is_a_part_of_the_path_as_the_official_server_has_it(address):
    response = httpx.post(f"{address}:predict?a=b", content=b'{"instances": [1.0]}')
    assert response.status_code == 400
    assert response.json()["error"].endswith("half_plus_three:predict?a=b")


@pytest.mark.parametrize("sent", [b'{"instances": [', b""])
def test_a_caller_who_hangs_up_is_no_fault_of_the_server(address, sent, caplog):
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    url = httpx.URL(address)
    head = f"POST {url.path}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    with socket.create_connection((url.host, url.port)) as caller:
        caller.sendall(head.encode() + sent)
        time.sleep(0.1)  # so that the request has begun
    time.sleep(0.3)
    assert httpx.post(f"{address}:predict", content=b'{"instances": [1.0]}').status_code == 200
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("length_is_known", [True, False])
def test_a_body_that_is_too_large_is_refused(address, length_is_known):
    body = b'{"instances": [' + b"1.0, " * 1_000_000 + b"1.0]}"
    response = httpx.post(f"{address}:predict", content=body if length_is_known else iter([body]))
    assert response.status_code == 413
    assert "--max-request-mib" in response.json()["error"]


def test_gzip(address):
    headers = {"Content-Encoding": "gzip"}
    response = httpx.post(f"{address}:predict", content=gzip.compress(b'{"instances": [1.0]}'), headers=headers)
    assert response.json() == {"predictions": [3.5]}
    bomb = gzip.compress(b" " * 10_000_000)
    assert httpx.post(f"{address}:predict", content=bomb[:900] + bomb[-90:], headers=headers).status_code in (400, 413)
    assert httpx.post(f"{address}:predict", content=b"no gzip", headers=headers).status_code == 400


def test_many_callers_at_once(address):
    with httpx.Client() as client, ThreadPoolExecutor(16) as pool:

        def call(number: int) -> bool:
            response = client.post(f"{address}:predict", json={"instances": [float(number)] * 3})
            return response.json() == {"predictions": [number / 2 + 3.0] * 3}

        assert all(pool.map(call, range(200)))


def test_a_slow_call_does_not_hold_up_the_others(half_plus_three, monkeypatch):
    release = threading.Event()

    def slow(models, method, path, body, seconds):
        if method == "POST":
            release.wait(20)
        return json.dumps({"method": method}).encode()

    monkeypatch.setattr(servers, "answer", slow)
    with serving(models_of(half_plus_three), threads=2) as address, ThreadPoolExecutor(1) as pool:
        call = pool.submit(httpx.post, f"{address}/v1/models", content=b"{}", timeout=30)
        assert httpx.get(f"{address}/v1/models").json() == {"method": "GET"}
        assert not call.done()
        release.set()
        assert call.result().json() == {"method": "POST"}


def test_a_fault_of_the_server_is_json_too(half_plus_three, monkeypatch):
    def fail(*anything):
        raise ZeroDivisionError

    monkeypatch.setattr(servers, "answer", fail)
    with serving(models_of(half_plus_three)) as address:
        response = httpx.get(f"{address}/v1/models")
    assert response.status_code == 500
    assert "ZeroDivisionError" in response.json()["error"]


@pytest.fixture(scope="module")
def attacked(served_bundle):
    with serving(served_bundle, most_bytes=4 << 20, options=HttpOptions(upload_seconds=0.5)) as address:
        yield address


@pytest.mark.parametrize("hostile", hostile_requests(4 << 20), ids=lambda hostile: hostile.name)
def test_the_server_survives_hostile_requests(attacked, hostile, images):
    status, text = hostile.send(attacked, "clothing")
    assert status in hostile.expected, text[:500]
    assert len(text) < 2000  # a reason, and no graph
    response = httpx.post(f"{attacked}/classify", content=images[0].read_bytes())
    assert response.json()["predictions"][0]["problem"] == ""


def test_a_gigabyte_is_not_unpacked(attacked):
    response = httpx.post(f"{attacked}/classify", files={"image": ("huge.png", huge_png())})
    (row,) = response.json()["predictions"]
    assert "megapixels" in row["problem"] or "pixels" in row["problem"]


def test_an_answer_that_takes_too_long_is_given_up(half_plus_three, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(servers, "answer", lambda *asked: release.wait(20) and b"{}")
    with serving(models_of(half_plus_three), options=HttpOptions(request_seconds=0.1)) as address:
        response = httpx.post(f"{address}/v1/models", content=b"{}", timeout=30)
        assert httpx.get(f"{address}/v2/health/live").json() == {"live": True}
        release.set()
    assert response.status_code == 504
    assert "--request-seconds" in response.json()["error"]


def test_readiness_is_that_of_the_models(half_plus_three, tmp_path):
    folder = tmp_path / "half_plus_three"
    shutil.copytree(half_plus_three, folder)
    with serving(models_of(folder)) as address, httpx.Client() as client:
        assert client.get(f"{address}/v2/health/ready").json() == {"ready": True}
        shutil.rmtree(folder / "123")
        deadline = time.monotonic() + 20
        while (response := client.get(f"{address}/v2/health/ready")).status_code == 200:
            assert time.monotonic() < deadline
        assert (response.status_code, response.json()) == (503, {"ready": False})
        assert client.get(f"{address}/v2/health/live").json() == {"live": True}


def test_a_new_version_is_picked_up(half_plus_three, tmp_path):
    folder = tmp_path / "half_plus_three"
    shutil.copytree(half_plus_three, folder)
    with serving(models_of(folder)) as address:
        save_linear(tmp_path / "new", 1.0, 7.0)
        (tmp_path / "new").rename(folder / "124")
        url = f"{address}/v1/models/half_plus_three:predict"
        answers = [{"predictions": [3.0]}]
        deadline = time.monotonic() + 20
        with httpx.Client() as client:
            while answers[-1] == {"predictions": [3.0]} and time.monotonic() < deadline:
                answers.append(client.post(url, json={"instances": [0.0]}).json())
                time.sleep(0.02)
        assert answers[-1] == {"predictions": [7.0]}
