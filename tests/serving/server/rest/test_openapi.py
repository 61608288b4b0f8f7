"""The OpenAPI document, and whether it is true."""

import os
import re
import subprocess
import sys

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from imgcls.serving.server.rest.openapi import openapi
from imgcls.serving.server.rest.routes import SCHEMAS, operations
from tests.serving.conftest import models_of, serving

VALUES = {"model": "clothing", "version": "1", "label": "stable"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture(scope="module")
def address(judged_path):
    with serving(models_of(judged_path.parent), most_bytes=1 << 20) as address:
        yield address


@pytest.mark.parametrize("needs_token", [False, True])
def test_the_document_is_one(needs_token):
    document = openapi(["cats", "dogs"], needs_token)
    OpenAPIV31SpecValidator(document).validate()
    assert len({operation.name for operation in operations()}) == len(list(operations()))
    open_to_all = {path for path, each in document["paths"].items() for one in each.values() if "security" not in one}
    assert open_to_all == ({"/", "/docs", "/v2/health/live", "/v2/health/ready"} if needs_token else
                           set(document["paths"]))  # fmt: skip


def test_everything_that_it_names_is_served_and_answers_as_it_says(address, images):
    document = httpx.get(f"{address}/openapi.json").json()
    found = {}
    for operation in operations():
        if "{label}" in operation.path and operation.method == "POST":
            continue  # there is no label here
        path = re.sub(r"{(\w+)}", lambda name: VALUES[name[1]], operation.path)
        body = {"content": images[0].read_bytes()} if "image/*" in operation.body else {"json": {}}
        response = httpx.request(operation.method, address + path, **(body if operation.body else {}))
        described = document["paths"][operation.path][operation.method.lower()]["responses"]
        assert str(response.status_code) in described, (operation, response.text)
        found[operation.name] = response.status_code
        content = described[str(response.status_code)]["content"]
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, operation
        if media_type == "application/json":
            schema = {**content[media_type]["schema"], "components": {"schemas": dict(SCHEMAS)}}
            Draft202012Validator(schema).validate(response.json())
    assert all(
        found[name] == 200 for name in ("classify", "classify_model_version", "status_label", "ready", "metrics")
    )
    assert 404 not in found.values()


def test_what_it_does_not_name_is_not_served(address):
    for path in ("/redoc", "/v2/models/clothing", "/metrics", "/classify/x"):
        assert httpx.get(address + path).status_code == 404
    response = httpx.get(f"{address}/classify")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert response.json() == {"error": "/classify answers POST, not GET."}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/a%0Ab", 404),
        ("POST", "/v1/models/a%0Ab/classify", 400),
        ("TRACE", "/v1/models/clothing", 400),
        ("TRACE", "/classify", 405),
    ],
)
def test_every_refusal_is_json(address, method, path, status):
    response = httpx.request(method, address + path)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    assert set(response.json()) == {"error"}


@pytest.mark.thorough
def test_schemathesis_finds_no_answer_that_it_does_not_describe(address, tmp_path):
    """Hundreds of requests that are made of the document, right ones and wrong ones."""
    program = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--checks", ",".join(CHECKS),
               "--max-examples", "6", "--seed", "1", "--generation-database", "none", "--no-color"]  # fmt: skip
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert re.search(r"(\d+) passed", done.stdout), done.stdout[-4000:]


def test_the_page_asks_nobody_else(address):
    for path in ("/", "/docs"):
        response = httpx.get(address + path)
        assert response.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert not re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""", response.text)
