"""Image files to arrays, many at a time; what cannot be read comes back with its reason instead."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.data.images.transcoding import decodable
from imgcls.image_files import EMPTY, Refused

FILES_AT_ONCE = 64  # read ahead; bounds the memory however many files there are
THREADS = max(2, os.cpu_count() or 2)
FORMAT_NAMES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP", b"P6": "PPM",
                b"P5": "PPM"}  # fmt: skip


class Outcome(NamedTuple):
    """One file: its path, and either a result or the reason why there is none.

    transcoded: whether what was read is a PNG of it.
    """

    path: Path
    result: object
    problem: str
    transcoded: bool = False


def read_images(
    paths: Iterable[str | Path | bytes], preprocessing: Preprocessing, boxes: np.ndarray | None = None
) -> Iterator[Outcome]:
    """Read, decode and preprocess files in parallel; the outcomes come in the order of `paths`.

    paths: of files; bytes stand for an encoded image, whose outcome has the path ".".
    The result is an array (height, width, channels), float32 in [0, 255].
    boxes: (number of paths, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    """
    specs = [tf.TensorSpec((), tf.string), tf.TensorSpec((4,), tf.float32)]
    whole = tf.function(lambda data: preprocess(data, preprocessing), specs[:1], autograph=False)
    part = tf.function(lambda data, box: preprocess(data, preprocessing, box=box), specs, autograph=False)

    def read(data: bytes, *box: np.ndarray) -> tuple[np.ndarray, bool]:
        encoded = decodable(data)
        return (part if box else whole)(encoded, *box).numpy(), encoded is not data

    others = [] if boxes is None else [np.asarray(boxes, np.float32)]
    for path, result, problem, _ in for_each_file(paths, read, *others):
        yield Outcome(path, None, problem) if problem else Outcome(path, result[0], "", result[1])


def for_each_file(
    paths: Iterable[str | Path | bytes], function: Callable[..., object], *others: Iterable
) -> Iterator[Outcome]:
    """Call `function` on the bytes of each file, in threads; the outcomes come in the order of `paths`.

    others: what `function` gets besides, as with `map`: something for each path.
    """
    remaining = zip(paths, *others, strict=True)
    with ThreadPoolExecutor(THREADS) as pool:
        while chunk := list(islice(remaining, FILES_AT_ONCE)):
            yield from pool.map(lambda item: _outcome(item[0], function, *item[1:]), chunk)


def _outcome(image: str | Path | bytes, function: Callable[..., object], *others: object) -> Outcome:
    path, data = (Path(), image) if isinstance(image, bytes) else (Path(image), b"")
    try:
        data = data if isinstance(image, bytes) else read_encoded(path)
        if not data:
            return Outcome(path, None, EMPTY)
        return Outcome(path, function(data, *others), "")
    except Refused as error:
        return Outcome(path, None, str(error))
    except OSError as error:
        return Outcome(path, None, (error.strerror or str(error)).lower())
    except (tf.errors.OpError, ValueError) as error:
        return Outcome(path, None, reason(data, error))


def image_format(data: bytes) -> str:
    """The format that the first bytes announce, such as "JPEG"; empty if they announce none."""
    return next((name for start, name in FORMAT_NAMES.items() if data.startswith(start)), "")


def reason(data: bytes, error: Exception) -> str:
    """Why an image could not be decoded, in one clause."""
    refused = re.search(r"assertion failed: \[(.*?)\]", str(error))
    if refused:
        return refused.group(1)
    found = image_format(data) or "image"
    return f"a damaged or truncated {found} file ({len(data):,} bytes)"
