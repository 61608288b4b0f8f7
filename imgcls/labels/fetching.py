"""Fetches the images of a table of addresses and labels, and reads the table.

Each image is kept under the hash of its address, so a second call asks only for what is not there yet. An image that
cannot be fetched is reported, with the line of the table.
"""

import hashlib
import io
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import httpcore
import httpx

from imgcls.image_files import suffix_of
from imgcls.labels.assembly import assemble
from imgcls.labels.connections import CheckedBackend, PrivateAddressError
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records
from imgcls.labels.table_columns import find_columns, plain_names
from imgcls.labels.table_files import read_table
from imgcls.labels.table_rows import rows_of, with_attributes
from imgcls.progress import ProgressFunction, no_progress

ADDRESSES = ("url", "address", "imageurl", "imageaddress", "link", "src", "uri")  # names of the column, letters only
REDIRECTS = 5
ATTEMPTS = 4
AHEAD = 64  # addresses that wait for each that is being fetched; bounds the memory
FIRST_WAIT = 0.5  # seconds before the second attempt; doubled before each further one
PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses after which another attempt may do
MOVED = {301, 302, 303, 307, 308}
HEADERS: dict[bytes | str, bytes | str] = {
    "User-Agent": "imgcls",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
}
HEAD = 32  # bytes that show a format


@dataclass(frozen=True)
class Limits:
    """What fetching may take.

    Attributes:
        largest: Bytes of an image.
        seconds: For an image, with its redirects and further attempts.
        at_once: Images that are fetched at the same time.
        private: Whether machines of private networks, and this one, may be asked.
    """

    largest: int = 20_000_000
    seconds: float = 30.0
    at_once: int = 8
    private: bool = False


class Fetched(NamedTuple):
    """What came of an address.

    Attributes:
        name: Name of the image's file; empty if there is none.
        reason: Why there is none; empty if there is one.
    """

    name: str
    reason: str


def read_addresses(
    source: Path,
    folder: Path,
    limits: Limits | None = None,
    keep: Sequence[str] = (),
    on_progress: ProgressFunction = no_progress,
) -> Records:
    """Fetch the images of a table of addresses, and read the table.

    Args:
        source: The table.
        folder: For the images; those that are there already are not fetched again.
        limits: What fetching may take.
        keep: Further columns that are kept as attributes.
        on_progress: Gets the number of addresses done, and of all.

    Returns:
        The records; `source` of each is the address.

    Raises:
        FileNotFoundError: There is no table.
        ValueError: It has no column of addresses or of labels.
    """
    if not source.is_file():
        raise FileNotFoundError(f"There is no table at {source}. Expected one with the columns address and label.")
    problems = Problems()
    table = read_table(source, source.name, problems)
    plain = plain_names(list(table.columns))
    column = next((plain[name] for name in ADDRESSES if name in plain), None)
    found, missing = find_columns(list(table.columns), {"image": column} if column else {})
    if missing:
        raise ValueError(
            f"{source} has no column for {' and '.join(missing)}; it has {', '.join(table.columns)}. "
            "Expected address and label."
        )
    rows = with_attributes(rows_of(table, found, source.name, problems), table, keep, source.name)
    addresses = rows["image"].str.strip()
    wanted = list(dict.fromkeys(addresses))
    outcomes = {}
    for address, outcome in zip(wanted, fetch(wanted, folder, limits or Limits()), strict=True):
        outcomes[address] = outcome
        on_progress(len(outcomes), len(wanted))
    for line, address in addresses.items():
        if outcomes[address].reason:
            reason = f"the image {address[:200]!r} was not fetched: {outcomes[address].reason}; its label is left out."
            problems.left_out(source.name, line, reason)
    rows["source"], rows["image"] = addresses, [outcomes[address].name for address in addresses]
    return assemble(rows[rows["image"] != ""].assign(beside=""), problems, ImageIndex(folder))


def fetch(addresses: Iterable[str], folder: Path, limits: Limits) -> Iterator[Fetched]:
    """Fetch images into a folder, several at once.

    Args:
        addresses: Of http or https.
        folder: Is made; an image is called by the hash of its address.
        limits: What fetching may take.

    Yields:
        What came of each address, in the order of `addresses`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = {path.stem: path.name for path in folder.iterdir() if not path.name.startswith(".")}
    context = httpx.create_ssl_context()
    waiting: deque[Future[Fetched]] = deque()
    with ThreadPoolExecutor(limits.at_once) as pool:
        try:
            for address in addresses:
                waiting.append(pool.submit(_fetched, address, folder, here, limits, context))
                if len(waiting) > AHEAD * limits.at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _fetched(address: str, folder: Path, here: dict[str, str], limits: Limits, context: ssl.SSLContext) -> Fetched:
    stem = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
    if stem in here:
        return Fetched(here[stem], "")
    partial = folder / f".partial-{stem}"

    def download(deadline: float) -> str:
        with partial.open("wb") as file:
            return _download(httpx.URL(address), file, deadline, limits, context)

    try:
        suffix, reason = _attempted(download, limits)
        if suffix:
            partial.replace(folder / f"{stem}{suffix}")
        return Fetched(f"{stem}{suffix}" if suffix else "", reason)
    finally:
        partial.unlink(missing_ok=True)


def fetch_content(address: str, limits: Limits, context: ssl.SSLContext) -> tuple[bytes, str]:
    """Fetch one image into memory.

    Args:
        address: Of http or https.
        limits: What fetching may take.
        context: As `httpx.create_ssl_context` makes it; one serves many calls.

    Returns:
        The image's bytes, b"" if there are none; and why there are none, as a part of a sentence.
    """
    content = io.BytesIO()

    def download(deadline: float) -> str:
        content.seek(0)
        content.truncate()
        return _download(httpx.URL(address), content, deadline, limits, context)

    suffix, reason = _attempted(download, limits)
    return (content.getvalue(), "") if suffix else (b"", reason)


def _attempted(download: Callable[[float], str], limits: Limits) -> tuple[str, str]:
    """The suffix of the format that a download gave, after as many attempts as make sense; or "" and the reason.

    download: Gets the time at which it has to be done.
    """
    deadline = time.monotonic() + limits.seconds
    reason = "it was not tried"
    try:
        for attempt in range(ATTEMPTS):
            try:
                return download(deadline), ""
            except (_PassingError, httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
                wait = getattr(error, "wait", None)
                wait = FIRST_WAIT * 2**attempt if wait is None else wait
                reason = str(error) or type(error).__name__
                is_final = any(isinstance(why, ssl.SSLCertVerificationError) for why in error.args)
                if is_final or attempt + 1 == ATTEMPTS or time.monotonic() + wait > deadline:
                    return "", reason
                time.sleep(wait)
    except httpcore.TimeoutException:
        return "", f"it took longer than {limits.seconds:g} s"
    except (_RefusedError, PrivateAddressError, httpx.InvalidURL, httpcore.ProtocolError, UnicodeError) as error:
        return "", str(error)
    return "", reason


class _RefusedError(Exception):
    """What another attempt would not change."""


class _PassingError(Exception):
    """What another attempt may change. wait: seconds that the server asks for; None if it does not say."""

    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.wait = wait


def _download(url: httpx.URL, file: BinaryIO, deadline: float, limits: Limits, context: ssl.SSLContext) -> str:
    """Follow the redirects and write the image at their end; returns the suffix of its format."""
    for _ in range(REDIRECTS + 1):
        if url.scheme not in ("http", "https") or not url.host:
            raise _RefusedError(f"{str(url)[:200]!r} is no address of http or https")
        backend = CheckedBackend(deadline, limits.private)
        with httpcore.ConnectionPool(ssl_context=context, network_backend=backend) as pool:
            request = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
            with pool.stream("GET", request, headers={**HEADERS, "Host": url.netloc.decode("ascii")}) as response:
                headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
                if response.status in MOVED and headers.get(b"location"):
                    url = url.join(headers[b"location"])
                    continue
                _check_status(response.status, headers)
                return _write(response.iter_stream(), headers, file, limits.largest)
    raise _RefusedError(f"it is redirected more than {REDIRECTS} times")


def _check_status(status: int, headers: dict[bytes, str]) -> None:
    if status in PASSING:
        after = headers.get(b"retry-after", "")
        raise _PassingError(
            f"the server answers {status}", float(after) if after.isascii() and after.isdigit() else None
        )
    if status != 200:
        raise _RefusedError(f"the server answers {status}")


def _write(chunks: Iterable[bytes], headers: dict[bytes, str], file: BinaryIO, largest: int) -> str:
    """Write what comes, as long as it is an image and not too large; returns the suffix of its format."""
    too_large = _RefusedError(f"it is larger than {largest / 1e6:g} MB")
    stated = headers.get(b"content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > largest:
        raise too_large
    head, size, suffix = b"", 0, ""
    for chunk in chunks:
        size += len(chunk)
        if size > largest:
            raise too_large
        if not suffix:
            head += chunk[:HEAD]
            suffix = suffix_of(head)
            if not suffix and len(head) >= HEAD:
                break
        file.write(chunk)
    if not suffix:
        raise _RefusedError(_what_else(head))
    return suffix


def _what_else(head: bytes) -> str:
    if not head:
        return "nothing came"
    return "a web page came, no image" if head.lstrip().startswith(b"<") else "what came is no image"
