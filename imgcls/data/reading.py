"""Image files to arrays, many at a time; what cannot be read comes back with its reason instead."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.data.preprocessing import Preprocessing, preprocess
from imgcls.data.records import read_encoded

FILES_AT_ONCE = 64  # read ahead; bounds the memory however many files there are
THREADS = max(2, os.cpu_count() or 2)
FORMAT_NAMES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP", b"P6": "PPM",
                b"P5": "PPM"}  # fmt: skip


class Outcome(NamedTuple):
    """One file: its path, and either a result or the reason why there is none."""

    path: Path
    result: object
    problem: str


def read_images(
    paths: Iterable[str | Path], preprocessing: Preprocessing, boxes: np.ndarray | None = None
) -> Iterator[Outcome]:
    """Read, decode and preprocess files in parallel; the outcomes come in the order of `paths`.

    The result is an array (height, width, channels), float32 in [0, 255].
    boxes: (number of paths, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    """
    made = partial(tf.function, autograph=False)
    image_bytes, box = tf.TensorSpec((), tf.string), tf.TensorSpec((4,), tf.float32)
    if boxes is None:
        whole = made(lambda data: preprocess(data, preprocessing), input_signature=[image_bytes])
        return for_each_file(paths, lambda data: whole(data).numpy())
    part = made(lambda data, box: preprocess(data, preprocessing, box=box), input_signature=[image_bytes, box])
    return for_each_file(paths, lambda data, box: part(data, box).numpy(), np.asarray(boxes, np.float32))


def for_each_file(paths: Iterable[str | Path], function: Callable[..., object], *others: Iterable) -> Iterator[Outcome]:
    """Call `function` on the bytes of each file, in threads; the outcomes come in the order of `paths`.

    others: what `function` gets besides, as with `map`: something for each path.
    """
    remaining = zip(paths, *others, strict=True)
    with ThreadPoolExecutor(THREADS) as pool:
        while chunk := list(islice(remaining, FILES_AT_ONCE)):
            yield from pool.map(lambda item: _outcome(Path(item[0]), function, *item[1:]), chunk)


def _outcome(path: Path, function: Callable[..., object], *others: object) -> Outcome:
    data = b""
    try:
        data = read_encoded(path)
        if not data:
            return Outcome(path, None, "the file is empty (0 bytes)")
        return Outcome(path, function(data, *others), "")
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
