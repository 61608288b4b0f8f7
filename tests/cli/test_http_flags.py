"""The flags about HTTP, on a server of its own: TLS, the token and the log hold for REST and gRPC."""

import json
import os
import re
import ssl
import subprocess
import sys

import grpc
import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from imgcls.cli.http_flags import HttpFlags
from tests.conftest import ROOT
from tests.serving.certificates import self_signed
from tests.serving.conftest import save_linear

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Files of a certificate for localhost and its key, and of the key with a password."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = self_signed()
    lock = serialization.BestAvailableEncryption(b"secret")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    (folder / "locked.pem").write_bytes(serialization.load_pem_private_key(key, None).private_bytes(*form))
    return folder


@pytest.fixture(scope="module")
def half_plus_three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "half_plus_three"
    save_linear(folder / "123", 0.5, 3.0)
    return folder


@pytest.mark.thorough
def test_tls_token_and_log_hold_for_rest_and_grpc(half_plus_three, pem, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    flags = ["--tls-cert", pem / "cert.pem", "--tls-key", pem / "key.pem", "--token-file", tmp_path / "token",
             "--access-log", tmp_path / "access.jsonl", "--cors", "*", "--port", "0"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "imgcls.serve", str(half_plus_three), *map(str, flags)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        rest, grpcs = process.stdout.readline(), process.stdout.readline()
        port = re.search(r"https://127\.0\.0\.1:(\d+)/v1/models/half_plus_three", rest)[1]
        with httpx.Client(verify=ssl.create_default_context(cafile=pem / "cert.pem")) as client:
            url = f"https://localhost:{port}/v1/models/half_plus_three:predict"
            assert client.post(url, json={"instances": [1.0]}).status_code == 401
            answer = client.post(url, json={"instances": [1.0]}, headers=headers)
            assert answer.json() == {"predictions": [3.5]}
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert client.get(f"https://localhost:{port}/v2/health/ready").json() == {"ready": True}
        place = "localhost:" + re.search(r":(\d+)/half_plus_three", grpcs)[1]
        with grpc.secure_channel(place, grpc.ssl_channel_credentials((pem / "cert.pem").read_bytes())) as channel:
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            request = get_model_status_pb2.GetModelStatusRequest()
            request.model_spec.name = "half_plus_three"
            with pytest.raises(grpc.RpcError) as caught:
                stub.GetModelStatus(request, timeout=60)
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
            named = [("authorization", headers["Authorization"])]
            assert stub.GetModelStatus(request, metadata=named, timeout=60).model_version_status
    finally:
        process.terminate()
        process.communicate(timeout=60)
    lines = [json.loads(line) for line in (tmp_path / "access.jsonl").read_text("utf-8").splitlines()]
    assert [(line["method"], line["status"]) for line in lines] == [
        ("POST", 401),
        ("POST", 200),
        ("GET", 200),
        ("GetModelStatus", 401),
        ("GetModelStatus", 200),
    ]


def test_what_cannot_be_used(pem, tmp_path, monkeypatch):
    monkeypatch.delenv("IMGCLS_TOKEN", raising=False)
    with pytest.raises(ValueError, match="the key has a password"):
        HttpFlags(tls_cert=pem / "cert.pem", tls_key=pem / "locked.pem").options()
    with pytest.raises(ValueError, match=r"--tls-cert .* cannot be used with its key"):
        HttpFlags(tls_cert=pem / "cert.pem").options()  # which holds no key
    with pytest.raises(ValueError, match="--tls-key needs --tls-cert"):
        HttpFlags(tls_key=pem / "key.pem")
    with pytest.raises(ValueError, match="--token-file"):
        HttpFlags(token_file=tmp_path / "none").options()
    with pytest.raises(ValueError, match="expected an origin"):
        HttpFlags(cors="example.org")
    with pytest.raises(ValueError, match="--max-connections is 0; expected 1 to"):
        HttpFlags(max_connections=0)


def test_one_file_for_the_certificate_and_its_key(pem, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes((pem / "cert.pem").read_bytes() + (pem / "key.pem").read_bytes())
    assert HttpFlags(tls_cert=both).tls() == {"ssl_certfile": both, "ssl_keyfile": None}
