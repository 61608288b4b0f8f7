"""EXIF orientation, read and applied in TensorFlow ops, so that it works inside a SavedModel.

JPEG keeps EXIF in an APP1 segment, PNG in an eXIf chunk, WebP in an EXIF chunk; the block itself is a TIFF header and
one table of tags (CIPA DC-008, sections 4.5 and 4.6). Anything malformed counts as orientation 1, which is upright.
"""

import tensorflow as tf

from imgcls.data.images.seldom import seldom
from imgcls.image_files import ORIENTATION

LONGEST_HEADER = 1 << 20  # bytes of a JPEG or PNG that are searched; the block stands before the pixels
MOST_TAGS = 256
MIRRORED = (2, 3, 6, 7)  # after the exchange of height and width
UPSIDE_DOWN = (3, 4, 7, 8)
Box = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]  # top, left, height, width in pixels


@tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
def orientation(image_bytes: tf.Tensor) -> tf.Tensor:
    """The EXIF orientation of an encoded image.

    Args:
        image_bytes: A scalar string.

    Returns:
        A scalar, int32, 1 to 8.
    """
    head = tf.io.decode_raw(tf.strings.substr(image_bytes, 0, 16), tf.uint8)
    head = tf.cast(tf.pad(head, [[0, 16 - tf.size(head)]]), tf.int32)
    is_jpeg = tf.reduce_all(head[:2] == [0xFF, 0xD8])
    is_png = tf.reduce_all(head[:4] == [0x89, 0x50, 0x4E, 0x47])
    is_webp = tf.reduce_all(head[8:12] == [0x57, 0x45, 0x42, 0x50])
    return tf.case(
        [
            (is_jpeg, lambda: _jpeg_orientation(image_bytes)),
            (is_png, lambda: _chunk_orientation(image_bytes, 8, 0, b"eXIf", big_endian=True)),
            (is_webp, lambda: _chunk_orientation(image_bytes, 12, 1, b"EXIF", big_endian=False)),
        ],
        default=lambda: tf.constant(1),
    )


def upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turn an image so that it is seen as it was taken.

    Args:
        image: (H, W, C), as stored.
        orientation: The EXIF orientation. Orientations 5 to 8 exchange height and width.
    """

    def turned() -> tf.Tensor:
        swapped = tf.cond(orientation >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
        mirrored = tf.cond(_is_in(orientation, MIRRORED), lambda: tf.reverse(swapped, [1]), lambda: swapped)
        return tf.cond(_is_in(orientation, UPSIDE_DOWN), lambda: tf.reverse(mirrored, [0]), lambda: mirrored)

    return tf.cond(orientation > 1, seldom(turned), lambda: image)


def as_stored(region: Box, height: tf.Tensor, width: tf.Tensor, orientation: tf.Tensor) -> Box:
    """Where a region of the upright image is in the image as it is stored: the inverse of `upright`, for regions.

    Args:
        region: Top, left, height and width in the upright image.
        height: Of the upright image.
        width: Of the upright image.
        orientation: The EXIF orientation.
    """
    top, left, kept_height, kept_width = region
    top = tf.where(_is_in(orientation, UPSIDE_DOWN), height - top - kept_height, top)
    left = tf.where(_is_in(orientation, MIRRORED), width - left - kept_width, left)
    swapped = orientation >= 5
    return (
        tf.where(swapped, left, top),
        tf.where(swapped, top, left),
        tf.where(swapped, kept_width, kept_height),
        tf.where(swapped, kept_height, kept_width),
    )


def _is_in(value: tf.Tensor, options: tuple[int, ...]) -> tf.Tensor:
    return tf.reduce_any(value == tf.constant(options))


def bytes_at(data: tf.Tensor, start: tf.Tensor, count: int) -> tf.Tensor:
    """`count` bytes as int32; zeros where `data` ends before."""
    size = tf.size(data)
    start = tf.clip_by_value(start, 0, size)
    found = tf.cast(data[start : tf.minimum(start + count, size)], tf.int32)
    return tf.ensure_shape(tf.pad(found, [[0, count - tf.size(found)]]), (count,))


def number(digits: tf.Tensor, big_endian: tf.Tensor | bool) -> tf.Tensor:
    """Bytes (..., n) as numbers. Four bytes from 2^31 on come out negative, which no caller takes for a place."""
    count = digits.shape[-1]
    places = tf.range(count) * 8
    big = tf.reduce_sum(tf.bitwise.left_shift(digits, places[::-1]), axis=-1)
    little = tf.reduce_sum(tf.bitwise.left_shift(digits, places), axis=-1)
    return tf.where(big_endian, big, little)


def _jpeg_orientation(image_bytes: tf.Tensor) -> tf.Tensor:
    head = tf.strings.substr(image_bytes, 0, LONGEST_HEADER)
    return tf.cond(_names(head, r"Exif\x00\x00"), seldom(lambda: _segment_orientation(head)), lambda: tf.constant(1))


def _names(data: tf.Tensor, name: str) -> tf.Tensor:
    """Whether the bytes hold the name of an EXIF block anywhere.

    Most files have none: a search costs a fiftieth of a walk along the segments or chunks, and replacing what is found
    a fifth of matching the whole.
    """
    without = tf.strings.regex_replace(data, name, "", replace_global=False)
    return tf.strings.length(without) < tf.strings.length(data)


def _segment_orientation(head: tf.Tensor) -> tf.Tensor:
    data = tf.io.decode_raw(head, tf.uint8)

    def is_before_pixels(place: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
        marker = bytes_at(data, place, 2)
        return (found < 0) & (marker[0] == 0xFF) & (marker[1] != 0xDA) & (place + 4 <= tf.size(data))

    def step(place: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, ...]:
        segment = bytes_at(data, place, 10)
        is_exif = (segment[1] == 0xE1) & tf.reduce_all(segment[4:10] == list(b"Exif\0\0"))
        length = tf.maximum(number(segment[2:4], True), 2)
        return place + 2 + length, tf.where(is_exif, place + 10, found)

    _, found = tf.while_loop(is_before_pixels, step, (tf.constant(2), tf.constant(-1)))
    return _tiff_orientation(data, found)


def _chunk_orientation(
    image_bytes: tf.Tensor, first: int, length_place: int, name: bytes, big_endian: bool
) -> tf.Tensor:
    """Search a row of chunks: PNG has length, name, data, checksum; WebP name, length, data padded to even length."""
    return tf.cond(
        _names(image_bytes, name.decode()),
        seldom(lambda: _walked_orientation(image_bytes, first, length_place, name, big_endian)),
        lambda: tf.constant(1),
    )


def _walked_orientation(
    image_bytes: tf.Tensor, first: int, length_place: int, name: bytes, big_endian: bool
) -> tf.Tensor:
    data = tf.io.decode_raw(image_bytes, tf.uint8)
    name_place = 1 - length_place

    def is_inside(place: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
        return (found < 0) & (place >= 0) & (place + 8 <= tf.size(data))

    def step(place: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, ...]:
        words = tf.reshape(bytes_at(data, place, 8), (2, 4))
        length = number(words[length_place], big_endian)
        following = place + 8 + length + (4 if big_endian else length % 2)
        following = tf.where(length < 0, -1, following)
        return following, tf.where(tf.reduce_all(words[name_place] == list(name)), place + 8, found)

    _, found = tf.while_loop(is_inside, step, (tf.constant(first), tf.constant(-1)))
    prefixed = tf.reduce_all(bytes_at(data, found, 6) == list(b"Exif\0\0"))  # some WebP writers repeat JPEG's prefix
    return _tiff_orientation(data, tf.where(prefixed & (found >= 0), found + 6, found))


def _tiff_orientation(data: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """The orientation in the first table of tags of a TIFF block that begins at `start`; 1 if `start` is below 0."""

    def read() -> tf.Tensor:
        header = bytes_at(data, start, 8)
        big_endian = header[0] == ord("M")
        table = start + number(header[4:8], big_endian)
        count = tf.clip_by_value(number(bytes_at(data, table, 2), big_endian), 0, MOST_TAGS)
        entries = tf.reshape(bytes_at(data, table + 2, 12 * MOST_TAGS), (MOST_TAGS, 12))
        tags = number(entries[:, 0:2], big_endian)
        values = number(entries[:, 8:10], big_endian)
        is_orientation = (tags == ORIENTATION) & (tf.range(MOST_TAGS) < count) & (values >= 1) & (values <= 8)
        return tf.where(
            tf.reduce_any(is_orientation), values[tf.argmax(tf.cast(is_orientation, tf.int32), output_type=tf.int32)], 1
        )

    return tf.cond(start >= 0, read, lambda: tf.constant(1))
