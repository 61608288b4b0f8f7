"""The requests of a bundle's warm-up file: each signature with images of the run."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np

from imgcls.data.images.encoded import encoded_size, read_encoded
from imgcls.serving.parity import ReferenceAnswers
from imgcls.serving.signatures import CLASS_NAME, CLASSES, IMAGE_BYTES, PIXELS, K
from imgcls.serving.warmup import Request

SIZES = (1, 8)  # images in the requests of each signature
LARGEST = 32  # in one more for the signature that is asked most: the most that batching.config lets through at once
MOST_IMAGES = 32  # different ones: the smallest files, because they travel with the bundle
MOST_BYTES = 1 << 20  # in one request; it has the smallest image alone, or is left out, where there would be more
FEW = 5  # classes that the signature with k is asked for


def warmup_requests(signatures: Mapping[str, Mapping[str, Any]], answers: ReferenceAnswers) -> Iterator[Request]:
    """Make the requests.

    Args:
        signatures: The "inputs" of each signature, by name.
        answers: The images that the bundle was compared on, and their pixels.

    Yields:
        For each signature a request of 1 and of 8 images, for the default signature also one of 32; at most 1 MiB each,
        but for that of one image.
    """
    smallest = sorted(range(len(answers.images)), key=lambda place: encoded_size(answers.images[place]))[:MOST_IMAGES]
    encoded = [read_encoded(answers.images[place]) for place in smallest]
    pixels = [answers.pixels[place] for place in smallest]
    for name, definition in signatures.items():
        for count in (*SIZES, LARGEST) if name == CLASSES else SIZES:
            given: Sequence[Any] = pixels if PIXELS in definition["inputs"] else encoded
            rows = _rows(given, count)
            if rows:
                yield name, {key: _values(key, rows) for key in definition["inputs"]}


def _rows(given: Sequence[Any], count: int) -> list[Any]:
    """So many of the images, from the start again where there are fewer; none if they are too large together."""
    for source in (given, given[:1]):
        rows = list(islice(cycle(source), count))
        if count == 1 or sum(map(_size, rows)) <= MOST_BYTES:
            return rows
    return []


def _size(image: bytes | np.ndarray) -> int:
    return len(image) if isinstance(image, bytes) else image.nbytes


def _values(key: str, rows: list[Any]) -> object:
    if key == CLASS_NAME:
        return [b""] * len(rows)  # the likeliest
    if key == K:
        return np.full(len(rows), FEW, np.int32)
    return rows if key == IMAGE_BYTES else np.stack(rows)
