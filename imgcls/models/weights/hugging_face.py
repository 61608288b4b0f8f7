"""Downloads weights of timm from the Hugging Face hub, each file whole and with its checksum right.

The hub answers the address of a large file with a redirect whose header X-Linked-Etag is the SHA-256 of the content.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx

from imgcls.checksums import sha256_of
from imgcls.files import replacing, unfinished
from imgcls.progress import ProgressFunction, no_progress

FILE, CONFIG = "model.safetensors", "config.json"
OWNER = "timm"
HUB = "https://huggingface.co"  # or what HF_ENDPOINT names, as in the hub's own library
SHA256 = re.compile(r"[0-9a-f]{64}")
ATTEMPTS, REDIRECTS = 3, 5
PATIENCE = 30.0  # seconds without a byte
PART = 1 << 20  # bytes
LARGEST_CONFIG = 1 << 20  # bytes


class _Broken(Exception):
    """A transfer that ended too early, or a server that is not there; worth another attempt."""


def download(name: str, folder: Path, on_progress: ProgressFunction = no_progress) -> Path:
    """Download weights with the config that says how images are prepared for them.

    Args:
        name: Of the weights, which is that of their repository, such as "resnet50.a1_in1k".
        folder: Where they are kept, as <name>.safetensors and <name>.json. Nothing is there before it is whole.
        on_progress: Receives the bytes that are there, and how many there are.

    Returns:
        The weight file.

    Raises:
        ValueError: There are no such weights, or what came is not what the server announced.
        ConnectionError: The hub cannot be reached; the sentence says what to fetch by hand, and where to put it.
    """
    target = folder / f"{name}.safetensors"
    address = f"{os.environ.get('HF_ENDPOINT', HUB).rstrip('/')}/{OWNER}/{name}/resolve/main"
    try:
        with httpx.Client(timeout=PATIENCE, headers={"Accept-Encoding": "identity"}) as client:
            config = _small(client, f"{address}/{CONFIG}", name)
            _large(client, f"{address}/{FILE}", target, name, on_progress)
    except (_Broken, httpx.HTTPError) as error:
        raise ConnectionError(
            f"{OWNER}:{name} could not be downloaded ({error}). Fetch {address}/{FILE}, and {CONFIG} beside it, "
            f"elsewhere, and put them into {folder / name}."
        ) from error
    with replacing(target.with_suffix(".json")) as partial:
        partial.write_bytes(config)
    return target


def cached(name: str) -> Iterator[Path]:
    """Where the hub's own library keeps these weights, the latest first; the files may be missing."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    snapshots = Path(home) / "hub" / f"models--{OWNER}--{name}" / "snapshots"
    yield from sorted(snapshots.glob(f"*/{FILE}"), key=lambda path: -path.stat().st_mtime)


def _small(client: httpx.Client, address: str, name: str) -> bytes:
    for attempt in range(ATTEMPTS):
        try:
            response = client.get(address, follow_redirects=True)
        except httpx.TransportError:
            if attempt + 1 == ATTEMPTS:
                raise
            continue
        _check(response, name)
        if len(response.content) > LARGEST_CONFIG:
            raise ValueError(f"{address} is larger than a config is. Choose other weights.")
        return response.content
    raise _Broken("no answer")


def _large(client: httpx.Client, address: str, target: Path, name: str, on_progress: ProgressFunction) -> None:
    """Download a file in as many transfers as it takes, each from where the last one broke off."""
    with unfinished(target) as partial:
        expected = ""
        for attempt in range(ATTEMPTS):
            try:
                expected = _transfer(client, address, partial, name, on_progress)
                break
            except (_Broken, httpx.TransportError):
                if attempt + 1 == ATTEMPTS:
                    raise
        if (found := sha256_of(partial)) != expected:
            raise ValueError(
                f"What {address} gave is not what the server announced (SHA-256 {found[:12]}, expected "
                f"{expected[:12]}). Nothing was kept; try again later."
            )
        partial.replace(target)


def _transfer(client: httpx.Client, address: str, partial: Path, name: str, on_progress: ProgressFunction) -> str:
    """Add to the file what is missing of it; returns the SHA-256 that the server announces."""
    there = partial.stat().st_size if partial.exists() else 0
    address, expected = _followed(client, address, name)
    headers = {"Range": f"bytes={there}-"} if there else {}
    with client.stream("GET", address, headers=headers) as response:
        _check(response, name)
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        with partial.open("ab" if goes_on else "wb") as file:
            total = file.tell() + int(response.headers.get("Content-Length", 0))
            for part in response.iter_bytes(PART):
                file.write(part)
                on_progress(file.tell(), total)
            if file.tell() < total:
                raise _Broken("the transfer broke off")
    return expected


def _followed(client: httpx.Client, address: str, name: str) -> tuple[str, str]:
    """Where the file lies at last, and its SHA-256."""
    expected = ""
    for _ in range(REDIRECTS):
        response = client.head(address)
        _check(response, name)
        announced = response.headers.get("X-Linked-Etag", "").strip('"')
        expected = announced if SHA256.fullmatch(announced) else expected
        if not response.has_redirect_location:
            break
        address = urljoin(address, response.headers["Location"])
    if not expected:
        raise ValueError(f"{address} announces no SHA-256, so the file of {name} cannot be checked. Fetch it by hand.")
    return address, expected


def _check(response: httpx.Response, name: str) -> None:
    """Raise for an answer that is none."""
    if response.status_code in (401, 403, 404):  # the hub answers 401 for a repository that there is not
        raise ValueError(
            f"The hub has no weights {OWNER}/{name} (status {response.status_code}). Compare the name with "
            "https://huggingface.co/timm, or with timm.list_pretrained()."
        )
    if response.status_code >= 400:
        raise _Broken(f"the server answers {response.status_code}")
