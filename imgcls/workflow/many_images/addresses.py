"""Images of addresses, fetched into memory some ahead of the network."""

from collections.abc import Iterable, Iterator

import httpx

from imgcls.labels.fetching import Limits, fetch_content
from imgcls.serving.named_image import NamedImage
from imgcls.serving.read_ahead import read_ahead

AHEAD = 2  # addresses fetched or waiting, for each that may be fetched at once; bounds the memory


def fetched(addresses: Iterable[str], limits: Limits) -> Iterator[NamedImage]:
    """Fetch images, several at once.

    Args:
        addresses: Of http or https.
        limits: What fetching may take.

    Yields:
        The image of each address, in their order, or the reason why there is none.
    """
    context = httpx.create_ssl_context()

    def fetch(address: str) -> NamedImage:
        content, problem = fetch_content(address, limits, context)
        return NamedImage(address, content or None, problem)

    yield from read_ahead(fetch, addresses, limits.at_once, AHEAD * limits.at_once)
