"""Who may ask, what a page of another origin may, and what is written down of it."""

import json
import stat
import time

import httpx
import pytest

from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.token import names_token, read_token
from tests.serving.conftest import models_of, serving

TOKEN = "0123456789abcdef"
PREDICT = "/v1/models/half_plus_three:predict"


@pytest.fixture(scope="module")
def guarded(half_plus_three):
    with serving(models_of(half_plus_three), options=HttpOptions(token=TOKEN, cors="https://a.example")) as address:
        yield address


@pytest.fixture(scope="module")
def open_to_all(half_plus_three):
    with serving(models_of(half_plus_three), options=HttpOptions(cors="*")) as address:
        yield address


@pytest.mark.parametrize("named", ["", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer é"])
@pytest.mark.parametrize("path", [PREDICT, "/classify", "/monitoring/prometheus/metrics", "/openapi.json"])
def test_without_the_token_nothing_is_answered(guarded, path, named):
    method = "POST" if path in (PREDICT, "/classify") else "GET"
    response = httpx.request(method, guarded + path, headers={"Authorization": named.encode()}, content=b"x")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in response.json()["error"]


def test_with_the_token(guarded):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = httpx.post(guarded + PREDICT, json={"instances": [1.0]}, headers=headers)
    assert response.json() == {"predictions": [3.5]}
    assert httpx.get(f"{guarded}/monitoring/prometheus/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", "/", "/docs"])
def test_health_and_the_page_need_no_token(guarded, path):
    assert httpx.get(guarded + path).status_code == 200


@pytest.mark.parametrize("path", ["/v2/health/../../monitoring/prometheus/metrics", "/v2/health/live/../../../classify",
                                  "//classify", "/docs/../classify", "/V1/models/half_plus_three"])  # fmt: skip
def test_no_way_around_the_token(guarded, path):
    head, _, rest = guarded.partition("://")
    with httpx.Client() as client:
        request = client.build_request("GET", f"{head}://{rest}")
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).status_code in (401, 404)


def test_a_preflight_is_answered_as_the_official_server_does(open_to_all):
    asked = {"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}
    response = httpx.options(open_to_all + PREDICT, headers=asked)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "POST, GET"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Request-ID"
    without = httpx.options(open_to_all + PREDICT)
    assert without.status_code == 400
    assert without.json() == {"error": "Origin header is missing in CORS preflight"}
    answer = httpx.post(open_to_all + PREDICT, json={"instances": [1.0]}, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"  # or a page could not read it


def test_one_origin_only(guarded):
    named = httpx.options(guarded + PREDICT, headers={"Origin": "https://a.example"})
    assert named.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert named.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Request-ID, Authorization"
    assert named.headers["Vary"] == "Origin"
    other = httpx.options(guarded + PREDICT, headers={"Origin": "https://a.example.evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_without_the_flag_no_other_origin_may_ask(half_plus_three):
    with serving(models_of(half_plus_three)) as address:
        response = httpx.options(address + PREDICT, headers={"Origin": "https://b.example"})
    assert response.status_code == 200
    assert not {name for name in response.headers if name.startswith("access-control")}


def test_a_line_for_each_request(half_plus_three, tmp_path):
    log = tmp_path / "access.jsonl"
    with serving(models_of(half_plus_three), options=HttpOptions(access_log=str(log))) as address:
        named = httpx.post(address + PREDICT, json={"instances": [1.0]}, headers={"X-Request-ID": "abc-1"})
        made = [httpx.get(f"{address}/v1/models/x?a=b", headers={"X-Request-ID": each}) for each in ("a\tb", "x" * 200)]
        wait_for_lines(log, 3)  # each is written once its answer is sent
        log.rename(tmp_path / "old.jsonl")  # as logrotate does
        httpx.get(address + "/v2/health/live")
    assert named.headers["X-Request-ID"] == "abc-1"
    ids = [response.headers["X-Request-ID"] for response in made]
    assert all(len(each) == 32 for each in ids)
    lines = [json.loads(line) for line in (tmp_path / "old.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["abc-1", *ids]
    first = lines[0]
    assert (first["method"], first["path"], first["status"], first["client"]) == ("POST", PREDICT, 200, "127.0.0.1")
    assert first["response_bytes"] == len(named.content)
    assert 0 < first["seconds"] < 60
    assert (lines[1]["path"], lines[1]["status"]) == ("/v1/models/x?a=b", 404)
    assert len(log.read_text("utf-8").splitlines()) == 1


def wait_for_lines(log, count: int) -> None:
    until = time.monotonic() + 30
    while len(log.read_text("utf-8").splitlines()) < count:
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.01)


def test_the_token_of_a_file_or_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("IMGCLS_TOKEN", raising=False)
    assert read_token(None) == ""
    monkeypatch.setenv("IMGCLS_TOKEN", TOKEN)
    assert read_token(None) == TOKEN
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}2\nsecond line")
    file.chmod(stat.S_IRUSR)
    assert read_token(file) == f"{TOKEN}2"
    for wrong in ("short", "with spaces in between", "0123456789abcdeé", ""):
        other = tmp_path / "other"
        other.write_text(wrong)
        with pytest.raises(ValueError, match="holds no token"):
            read_token(other)
    with pytest.raises(ValueError, match="cannot be read"):
        read_token(tmp_path / "none")


def test_a_token_is_compared_whole():
    assert names_token(f"bearer  {TOKEN}", TOKEN)
    assert not any(
        names_token(each, TOKEN) for each in ("", "Bearer", "Bearer ", f"Bearer {TOKEN} x", f"Token {TOKEN}")
    )
