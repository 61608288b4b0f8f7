"""Image files to arrays, many at a time. A file that cannot be read comes back with the reason."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.data.images.transcoding import decodable
from imgcls.image_files import EMPTY, Refused

FILES_AT_ONCE = 64  # read ahead; bounds the memory however many files there are
THREADS = max(2, os.cpu_count() or 2)
FORMAT_NAMES = {  # by the first bytes of a file
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
    b"P6": "PPM",
    b"P5": "PPM",
}


class ReadResult(NamedTuple):
    """The result of reading one file.

    Attributes:
        path: The file; "." for bytes.
        result: What came of it; None if there is a problem.
        problem: The reason why there is no result, as a part of a sentence; else empty.
        transcoded: Whether a PNG copy was read.
    """

    path: Path
    result: Any
    problem: str
    transcoded: bool = False


def read_images(
    paths: Iterable[str | Path | bytes], preprocessing: Preprocessing, boxes: np.ndarray | None = None
) -> Iterator[ReadResult]:
    """Read, decode and preprocess images in parallel.

    Args:
        paths: Of the files, or encoded images as bytes.
        preprocessing: How images become pixels.
        boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives them.

    Yields:
        A result for each image, in the order of `paths`: (height, width, channels), float32 in [0, 255].
    """
    whole, part = _preprocessors(preprocessing)

    def read(data: bytes, *box: np.ndarray) -> tuple[np.ndarray, bool]:
        encoded = decodable(data)
        is_part = box and not np.isnan(box[0]).any()
        return (part(encoded, *box) if is_part else whole(encoded)).numpy(), encoded is not data

    others = [] if boxes is None else [np.asarray(boxes, np.float32)]
    for path, result, problem, _ in for_each_file(paths, read, *others):
        yield ReadResult(path, None, problem) if problem else ReadResult(path, result[0], "", result[1])


def decode_images(
    encoded: Sequence[bytes], preprocessing: Preprocessing, boxes: Sequence[np.ndarray | None]
) -> tuple[np.ndarray, list[str]]:
    """Decode and preprocess a batch of images that TensorFlow decodes, one after the other.

    Args:
        encoded: The content of each image, as `imgcls.data.images.transcoding.decodable` gives it.
        preprocessing: How images become pixels.
        boxes: The part of each image that is its example, (4,), or None for all of it.

    Returns:
        Pixels (N, height, width, channels), float32 in [0, 255], and a problem for each image; the pixels are 0 where
        there is a problem.
    """
    whole, part = _preprocessors(preprocessing)
    pixels = np.zeros((len(encoded), preprocessing.height, preprocessing.width, preprocessing.channels), np.float32)
    problems = [""] * len(encoded)
    for place, data in enumerate(encoded):
        box = boxes[place]
        try:
            pixels[place] = whole(data).numpy() if box is None else part(data, box).numpy()
        except (tf.errors.OpError, ValueError) as error:
            problems[place] = reason(data, error)
    return pixels, problems


@lru_cache(maxsize=8)
def _preprocessors(preprocessing: Preprocessing) -> tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]:
    """From an encoded image to pixels, and from one and a box; kept, because TensorFlow takes two seconds to trace."""
    specs = [tf.TensorSpec((), tf.string), tf.TensorSpec((4,), tf.float32)]
    whole = tf.function(lambda data: preprocess(data, preprocessing), specs[:1], autograph=False)
    part = tf.function(lambda data, box: preprocess(data, preprocessing, box=box), specs, autograph=False)
    return whole, part


def for_each_file(
    paths: Iterable[str | Path | bytes], function: Callable[..., object], *others: Iterable[Any]
) -> Iterator[ReadResult]:
    """Call a function on the bytes of each file, in threads.

    The first file is read alone: TensorFlow prepares a graph where it is first called, for seconds, and would do so in
    each thread at once. A thread reads it too, because under a strategy's scope the graph would be another one.

    Args:
        paths: Of the files, or their contents as bytes.
        function: Gets the bytes of a file.
        *others: Further arguments of the function, something for each path, as with `map`.

    Yields:
        A result for each file, in the order of `paths`.
    """
    remaining, at_once = zip(paths, *others, strict=True), 1
    with ThreadPoolExecutor(THREADS) as pool:
        while chunk := list(islice(remaining, at_once)):
            yield from pool.map(lambda item: _outcome(item[0], function, *item[1:]), chunk)
            at_once = FILES_AT_ONCE


def _outcome(image: str | Path | bytes, function: Callable[..., object], *others: object) -> ReadResult:
    path, data = (Path(), image) if isinstance(image, bytes) else (Path(image), b"")
    try:
        data = data if isinstance(image, bytes) else read_encoded(path)
        if not data:
            return ReadResult(path, None, EMPTY)
        return ReadResult(path, function(data, *others), "")
    except Refused as error:
        return ReadResult(path, None, str(error))
    except OSError as error:
        return ReadResult(path, None, (error.strerror or str(error)).lower())
    except (tf.errors.OpError, ValueError) as error:
        return ReadResult(path, None, reason(data, error))


def image_format(data: bytes) -> str:
    """The format that the first bytes of a file announce; empty if they announce none.

    Example:
        >>> image_format(b"GIF89a")
        'GIF'
    """
    return next((name for start, name in FORMAT_NAMES.items() if data.startswith(start)), "")


def reason(data: bytes, error: Exception) -> str:
    """The reason why an image could not be decoded, as a part of a sentence.

    Args:
        data: The bytes of the file.
        error: What the decoder raised.
    """
    refused = re.search(r"assertion failed: \[(.*?)\]", str(error))
    if refused:
        return refused.group(1)
    found = image_format(data) or "image"
    return f"a damaged or truncated {found} file ({len(data):,} bytes)"
