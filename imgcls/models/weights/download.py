"""One file from the web, whole and checked, or not at all."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
REDIRECTS = 5
SECONDS = 30.0  # without a byte
QUARTERS = 4  # sentences about a long download
LONG = 5_000_000  # bytes from which a download is reported
CHUNK = 1 << 20  # bytes
CHECKSUM = "x-linked-etag"  # header with the SHA-256 of a large file, from the server that redirects to it
ABSENT = {401, 403, 404, 410}  # statuses of a file that is not there; 401: of a repository that is not there

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A file of the web, and the place that it is kept in.

    Attributes:
        address: Where it comes from.
        path: Where it is kept.
        sha256: Its SHA-256 or the first digits of it; empty where the server must tell it.
        is_checked: Whether it is refused without a SHA-256.
    """

    address: str
    path: Path
    sha256: str = ""
    is_checked: bool = True

    @property
    def by_hand(self) -> str:
        """What a user can do without a network."""
        return f"Download {self.address} elsewhere and put it at {self.path}."


class _Broken(Exception):
    """What another attempt may change."""


def fetch(source: Source) -> Path:
    """The file, downloaded unless it lies there already.

    Args:
        source: What to fetch, and where to.

    Returns:
        Its path.

    Raises:
        FileNotFoundError: The server has no such file.
        ConnectionError: The server cannot be reached, or breaks off each time.
        ValueError: What came has another SHA-256 than it should have, or none is known.
        OSError: It cannot be written.
    """
    import httpx

    if source.path.is_file():
        return source.path
    source.path.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            return _attempt(source)
        except (_Broken, httpx.TransportError) as error:
            reason = str(error) or type(error).__name__
    raise ConnectionError(f"{source.address} could not be downloaded ({reason}). {source.by_hand}")


def _attempt(source: Source) -> Path:
    """Write the file beside its place, check it, and put it there in one step."""
    number, name = tempfile.mkstemp(prefix=".partial-", dir=source.path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            expected, found = _download(source, file)
        if not found.startswith(expected):
            raise ValueError(
                f"What came from {source.address} has the SHA-256 {found}; expected {expected}. It was not kept. "
                f"Try again later. {source.by_hand}"
            )
        os.chmod(name, 0o644)
        os.replace(name, source.path)
        return source.path
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _download(source: Source, file: IO[bytes]) -> tuple[str, str]:
    """Follow the redirects and write what is at their end; the SHA-256 that is expected, and that of what came."""
    import httpx

    url, expected = httpx.URL(source.address), source.sha256
    with httpx.Client(timeout=SECONDS) as client:
        for _ in range(REDIRECTS + 1):
            with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                expected = expected or response.headers.get(CHECKSUM, "").strip('"')
                if response.is_redirect:
                    url = url.join(response.headers.get("location", ""))
                    continue
                _check_status(response.status_code, source)
                if source.is_checked and not expected:
                    raise ValueError(f"The server tells no SHA-256 of {source.address}. {source.by_hand}")
                return expected, _written(response, file, source)
    raise _Broken(f"it is redirected more than {REDIRECTS} times")


def _check_status(status: int, source: Source) -> None:
    if status in ABSENT:
        raise FileNotFoundError(f"There is no {source.address} (the server answers {status}). Check the name.")
    if status != 200:
        raise _Broken(f"the server answers {status}")


def _written(response: "httpx.Response", file: IO[bytes], source: Source) -> str:
    """Write what comes, and report each quarter of a long download; the SHA-256 of all of it."""
    digest, done, total = hashlib.sha256(), 0, _length(response.headers)
    reported = 0
    if total >= LONG:
        logger.info("Downloading %s (%.0f MB) to %s.", source.address, total / 1e6, source.path)
    for chunk in response.iter_bytes(CHUNK):
        file.write(chunk)
        digest.update(chunk)
        done += len(chunk)
        if total >= LONG and done * QUARTERS // total > reported:
            reported = done * QUARTERS // total
            logger.info("%.0f of %.0f MB.", done / 1e6, total / 1e6)
    if total and done != total:
        raise _Broken(f"it broke off after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _length(headers: Mapping[str, str]) -> int:
    stated = headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else 0
