"""A provider of accounts on this machine, as OpenID Connect Core 1.0 describes one: the flow with a code (section 3.1).

One user, Ada, whom a page asks whether she wants to log in. Tokens are signed with a key that is made at the start.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "imgcls", "a secret of both"
ADA = {"sub": "1815", "name": "Ada Lovelace", "email": "ada@accounts.example"}


class Provider(ThreadingHTTPServer):
    """Answers a browser that is sent to it, and the app that asks for the tokens."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self.asked: dict[str, dict[str, str]] = {}  # what the app asked for, by the code that the browser carries back

    def described(self) -> dict:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.address, **{name: f"{self.address}/{end}" for name, end in ends.items()},
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"]}  # fmt: skip

    def tokens(self, asked: dict[str, str]) -> dict:
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": asked["nonce"], **ADA}
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 600, "id_token": signed}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        if path == "/.well-known/openid-configuration":
            self._json(self.server.described())
        elif path == "/keys":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif path == "/authorize":
            assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
            code = secrets.token_urlsafe()
            self.server.asked[code] = asked
            yes = urlencode({"code": code, "state": asked["state"]})
            no = urlencode({"error": "access_denied", "state": asked["state"]})
            back = asked["redirect_uri"]
            self._page(f'<a href="{back}?{yes}">Go on as Ada</a> <a href="{back}?{no}">Cancel</a>')
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        given = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.server.asked.pop(given["code"], None)  # a code is good once
        right = asked and given["redirect_uri"] == asked["redirect_uri"]
        if right and self.headers.get("Authorization", "").removeprefix("Basic ") == basic:
            self._json(self.server.tokens(asked))
        else:
            self._json({"error": "invalid_grant"}, 400)

    def _json(self, value: dict, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _page(self, body: str) -> None:
        self._send(f"<!doctype html><title>Accounts</title>{body}".encode(), "text/html", 200)

    def _send(self, content: bytes, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def provider() -> Iterator[Provider]:
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
