"""The flags of a server that are about HTTP."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgcls.cli.serving_flags import check_ranges
from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.token import read_token

HTTP_RANGES = {
    "max_connections": (1, 100_000),
    "request_seconds": (0.001, 86_400.0),
    "upload_seconds": (0.001, 86_400.0),
    "drift_seconds": (0.0, 86_400.0),
}


@dataclass(frozen=True)
class HttpFlags:
    """Who may ask, for how long, and what is written down of it."""

    max_connections: int = 500  # open at once; a request over one more is refused (503)
    request_seconds: float = 60.0  # that an answer may take (504)
    upload_seconds: float = 60.0  # that a client may take to send a request (408), or read nothing of its answer
    token_file: Path | None = None  # its first line is the token that callers name; without it IMGCLS_TOKEN is
    tls_cert: Path | None = None  # PEM file of the certificate and its chain; then the address is https
    tls_key: Path | None = None  # PEM file of its key, without a password; may be in the same file
    cors: str = ""  # the origin whose web pages may ask, such as https://example.org; * for all
    access_log: str = ""  # a file that gets a line of JSON a request; - for standard output
    drift_seconds: float = 10.0  # between two images whose embeddings are compared with those of training; 0: none

    def __post_init__(self) -> None:
        check_ranges(self, HTTP_RANGES)
        if self.cors and self.cors != "*" and not self.cors.startswith(("http://", "https://")):
            raise ValueError(f"--cors is {self.cors!r}; expected an origin such as https://example.org, or *.")
        if self.tls_key and not self.tls_cert:
            raise ValueError("--tls-key needs --tls-cert.")

    def options(self) -> HttpOptions:
        """What the server needs of them.

        Raises:
            ValueError: If the token or the certificate cannot be used.
        """
        self.tls()
        return HttpOptions(
            most_connections=self.max_connections,
            request_seconds=self.request_seconds,
            upload_seconds=self.upload_seconds,
            token=read_token(self.token_file),
            cors=self.cors,
            access_log=self.access_log,
        )

    def tls(self) -> dict[str, Any]:
        """What uvicorn needs for TLS; empty without.

        Raises:
            ValueError: If the certificate and the key cannot be used.
        """
        if not self.tls_cert:
            return {}
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.tls_cert, self.tls_key, _no_password)
        except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
            raise ValueError(
                f"--tls-cert {self.tls_cert} cannot be used with its key: {error}. Expected PEM files; the key belongs "
                "to the first certificate and has no password."
            ) from error
        return {"ssl_certfile": self.tls_cert, "ssl_keyfile": self.tls_key}


def _no_password() -> str:
    raise ValueError("the key has a password")
