"""Batches of encoded images inside a SavedModel, where one that cannot be read must not fail the others.

A graph cannot catch an error, but a tf.data chain can leave out the element that raised it. The chain is built and
drained anew in every call; with `get_single_element` that costs 2 to 3 milliseconds, with `reduce` half a second
(TensorFlow 2.21), and it runs in a session as TensorFlow Serving runs it. Nothing outside TensorFlow's core is used.
"""

from collections.abc import Callable
from functools import lru_cache

import tensorflow as tf

from imgcls.data.images.decoding import ANIMATED_WEBP, HEAD, OTHER_BMP, OTHER_PPM, UNKNOWN_FORMAT, is_other_bmp
from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.data.images.reading import FORMAT_NAMES
from imgcls.image_files import EMPTY

IMAGES_AT_ONCE = 8  # decoded in parallel; a constant, because the machine that serves is another one


def read_batch(image_bytes: tf.Tensor, preprocessing: Preprocessing) -> tuple[tf.Tensor, tf.Tensor]:
    """Read what can be read of encoded images, with the one preprocessing function.

    Args:
        image_bytes: (B,) strings.
        preprocessing: How the images become pixels.

    Returns:
        The places of the M images that could be read, (M,) int64, ascending; and their pixels (M, height, width,
        channels), float32 in [0, 255]. The pixels are a single black image where M is 0, because a fused convolution
        of TensorFlow 2.21 fails on a batch of none.
    """
    count = tf.shape(image_bytes, out_type=tf.int64)[0]
    shape = (preprocessing.height, preprocessing.width, preprocessing.channels)

    def read(place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return place, preprocess(image_bytes[place], preprocessing)

    readable = tf.data.Dataset.range(count).map(read, num_parallel_calls=IMAGES_AT_ONCE).ignore_errors()
    black = tf.data.Dataset.from_tensors((tf.constant(-1, tf.int64), tf.zeros(shape)))
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread makes the end of every chain wait
    places, pixels = black.concatenate(readable).batch(count + 1).with_options(options).get_single_element()
    return places[1:], pixels[tf.minimum(tf.size(places) - 1, 1) :]


@lru_cache(maxsize=8)
def batch_reader(preprocessing: Preprocessing) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """The function that reads a batch as the signature "preprocess" does; kept, because TensorFlow is slow to trace it.

    Returns:
        A function from image_bytes (B,) to pixels (B, height, width, channels) and problems (B,).
    """

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)], autograph=False)
    def read(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places, pixels = read_batch(image_bytes, preprocessing)
        return in_places(pixels, image_bytes, places), problems(image_bytes, places)

    function: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]] = read
    return function


def problems(image_bytes: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Say why images could not be read, in the clauses that `imgcls.data.images.reading` gives for files.

    Args:
        image_bytes: (B,) strings.
        places: (M,) int64, of the images that could be read.

    Returns:
        (B,) strings, "" for the images that could be read.
    """
    heads = tf.cast(tf.io.decode_raw(image_bytes, tf.uint8, fixed_length=HEAD), tf.int32)
    clauses = _damaged(image_bytes, heads)
    for refused, clause in (
        (_begins(heads, b"BM") & is_other_bmp(heads), OTHER_BMP),
        (_is_animated_webp(heads), ANIMATED_WEBP),
        (_begins(heads, b"P5") | _begins(heads, b"P6"), OTHER_PPM),
        (~_is_known(heads), UNKNOWN_FORMAT),
        (tf.strings.length(image_bytes) == 0, EMPTY),
    ):
        clauses = tf.where(refused, clause, clauses)
    return tf.where(_has_place(image_bytes, places), "", clauses)


def in_places(values: tf.Tensor, image_bytes: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Put rows back where their images are.

    Args:
        values: (M, ...), a row for each image that could be read; any one row where there is none.
        image_bytes: (B,) strings.
        places: (M,) int64, of the images that could be read.

    Returns:
        (B, ...); the other rows are 0, or "" for strings.
    """
    blank = tf.zeros_like(values[:1])  # there is a row even of no image: see `read_batch`
    rows = tf.range(1, tf.size(places) + 1)
    row = tf.scatter_nd(places[:, None], rows, tf.shape(image_bytes, out_type=tf.int64))  # 0 where there is none
    return tf.gather(tf.concat([blank, values], 0), row)


def _has_place(image_bytes: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    found = tf.ones_like(places, tf.int32)
    return tf.scatter_nd(places[:, None], found, tf.shape(image_bytes, out_type=tf.int64)) > 0


def _begins(heads: tf.Tensor, signature: bytes, place: int = 0) -> tf.Tensor:
    return tf.reduce_all(heads[:, place : place + len(signature)] == list(signature), axis=1)


def _is_known(heads: tf.Tensor) -> tf.Tensor:
    starts = [start for start, name in FORMAT_NAMES.items() if name != "WebP"]
    known = _begins(heads, b"WEBP", 8)
    for start in starts:
        known |= _begins(heads, start)
    return known


def _is_animated_webp(heads: tf.Tensor) -> tf.Tensor:
    return _begins(heads, b"WEBPVP8X", 8) & (tf.bitwise.bitwise_and(heads[:, 20], 2) > 0)


def _damaged(image_bytes: tf.Tensor, heads: tf.Tensor) -> tf.Tensor:
    name = tf.fill(tf.shape(image_bytes), "image")
    for start, known in FORMAT_NAMES.items():
        name = tf.where(_begins(heads, start), known, name)
    length = tf.strings.as_string(tf.strings.length(image_bytes))
    for _ in range(3):  # 1234567 becomes 1,234,567
        length = tf.strings.regex_replace(length, r"(\d)(\d{3})($|,)", r"\1,\2\3")
    return tf.strings.join(["a damaged or truncated ", name, " file (", length, " bytes)"])
