"""Encoded images to pixels, in TensorFlow ops: the formats that can be read, and their special cases."""

import struct
from collections.abc import Callable

import tensorflow as tf

from imgcls.data.images.bmp_masks import BGR, BITFIELDS
from imgcls.data.images.decoded_formats import PPM_HEADER, PPM_PATTERN
from imgcls.data.images.exif import Box, as_stored, orientation, upright
from imgcls.data.images.gif import decode_gif
from imgcls.data.images.seldom import seldom

DECODED = "JPEG, PNG, GIF, BMP, WebP or binary PPM"  # by TensorFlow; transcoding.py makes PNGs of others
UNKNOWN_FORMAT = f"no image that the model can decode; it takes {DECODED}"
OTHER_PPM = "a PPM or PGM that is not binary with 8 bits, or not whole"
ANIMATED_WEBP = "an animated WebP; expected a still image, so save one of its frames"
OTHER_BMP = (
    "a BMP with compression, with other channels than blue, green and red, or with 1, 2, 4 or 16 bits a pixel; "
    "expected 8, 24 or 32, or a PNG"
)
JPEG_BEGINS, JPEG_ENDS = b"\xff\xd8\xff", b"\xff\xd9"
REDUCTIONS = (1, 2, 4, 8)  # factors by which libjpeg leaves out detail while it decodes
DETAIL_KEPT = 1.5  # times the resolution that is asked for; the rest may be left out while decoding
UPSAMPLING_MARGIN = 2  # pixels; libjpeg's colour at the edge of a region depends on its neighbours
WHOLE_PPM = rf"^({PPM_PATTERN})\C*$"
OPAQUE = 255  # alpha
HEAD = 70  # bytes that the format, and what is special in it, is read from
Cut = Callable[[tf.Tensor, tf.Tensor], Box]  # (height, width) of the upright image to a region of it


@tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)  # built once a process, not once a chain
def decode(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode an image.

    Gray becomes three equal channels, a palette its colours, 16 bits 8. A GIF gives its first frame. Transparency lies
    on white, and the EXIF orientation is applied.

    Args:
        image_bytes: A scalar string.

    Returns:
        (H, W, 3), uint8: upright pixels in the order red, green, blue.

    Raises:
        tf.errors.InvalidArgumentError: This is no complete image.
    """
    head = _header(image_bytes)
    image = tf.case(
        [
            (_begins(head, 0, JPEG_BEGINS), lambda: tf.io.decode_jpeg(image_bytes, channels=3)),
            (_begins(head, 0, b"\x89PNG"), lambda: _decode_png(image_bytes, head)),
            (_begins(head, 0, b"GIF8"), seldom(lambda: decode_gif(image_bytes))),
            (_begins(head, 0, b"BM"), seldom(lambda: _decode_bmp(image_bytes, head))),
            (_begins(head, 8, b"WEBP"), seldom(lambda: _decode_webp(image_bytes, head))),
            (_is_ppm(head), seldom(lambda: _ppm_region(image_bytes, lambda height, width: (0, 0, height, width)))),
        ],
        default=lambda: refuse(UNKNOWN_FORMAT),
    )
    image.set_shape((None, None, 3))
    return upright(image, orientation(image_bytes))


def decode_region(image_bytes: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
    """Decode only what is needed of a region.

    Of a JPEG with more than 1.5 times 2, 4 or 8 times as many pixels on a side as needed, only a half, fourth or eighth
    of the resolution is decoded, as the mean of the pixels left out. H and W are then those of the region divided by
    this factor, and its edges are moved outwards by less than a pixel. Otherwise the pixels are those of `decode`, to
    the bit.

    Args:
        image_bytes: A scalar string.
        cut: A function from the height and width of the upright image to the region (top, left, height, width).
        height: The height that the region will be resized to.
        width: The width that the region will be resized to.

    Returns:
        (H, W, 3), uint8: upright pixels.

    Raises:
        tf.errors.InvalidArgumentError: This is no complete image.
    """
    head = _header(image_bytes)
    end = tf.strings.substr(image_bytes, tf.maximum(tf.strings.length(image_bytes) - 2, 0), 2)
    whole_jpeg = _begins(head, 0, JPEG_BEGINS) & (end == JPEG_ENDS)

    def from_all() -> tf.Tensor:
        image = decode(image_bytes)
        shape = tf.shape(image)
        top, left, kept_height, kept_width = cut(shape[0], shape[1])
        return image[top : top + kept_height, left : left + kept_width]

    image = tf.case(
        [
            (whole_jpeg, lambda: _jpeg_region(image_bytes, cut, height, width)),
            (_is_ppm(head), seldom(lambda: _ppm_region(image_bytes, cut))),
        ],
        default=seldom(from_all),
    )
    return tf.ensure_shape(image, (None, None, 3))


def _jpeg_region(image_bytes: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
    turned = orientation(image_bytes)
    stored = tf.image.extract_jpeg_shape(image_bytes)[:2]
    shape = tf.where(turned >= 5, stored[::-1], stored)
    region = tuple(tf.convert_to_tensor(number, tf.int32) for number in cut(shape[0], shape[1]))
    detail = tf.minimum(region[2] / height, region[3] / width) / DETAIL_KEPT
    reduction = tf.reduce_sum(tf.cast(detail >= REDUCTIONS[1:], tf.int32))
    factor = tf.bitwise.left_shift(1, reduction)
    image = _reduced_region(image_bytes, as_stored(region, shape[0], shape[1], turned), stored, reduction, factor)
    return upright(image, turned)


def _reduced_region(
    image_bytes: tf.Tensor, region: Box, stored: tf.Tensor, reduction: tf.Tensor, factor: tf.Tensor
) -> tf.Tensor:
    """A region of a JPEG as it is stored, at 1/factor of its resolution."""
    first = tf.stack(region[:2])
    size = -(-stored // factor)
    begin, end = first // factor, tf.minimum(-(-(first + tf.stack(region[2:])) // factor), size)
    outer = tf.maximum(begin - UPSAMPLING_MARGIN, 0)
    window = tf.concat([outer, tf.minimum(end + UPSAMPLING_MARGIN, size) - outer], 0)

    def decoder(ratio: int) -> Callable[[], tf.Tensor]:
        return lambda: tf.io.decode_and_crop_jpeg(image_bytes, window, channels=3, ratio=ratio)

    image = tf.switch_case(reduction, [decoder(ratio) for ratio in REDUCTIONS])
    begin, end = begin - outer, end - outer
    return image[begin[0] : end[0], begin[1] : end[1]]


def _is_ppm(head: tf.Tensor) -> tf.Tensor:
    return (head[0] == ord("P")) & ((head[1] == ord("5")) | (head[1] == ord("6")))


def _ppm_region(image_bytes: tf.Tensor, cut: Cut) -> tf.Tensor:
    """A region of a binary PPM or PGM, which is pixels as they are behind a line of text: Netpbm's P6 and P5."""
    header = tf.strings.regex_replace(tf.strings.substr(image_bytes, 0, PPM_HEADER), WHOLE_PPM, r"\1")
    is_header = tf.strings.regex_full_match(header, WHOLE_PPM) & (tf.strings.length(header) < PPM_HEADER)

    def read() -> tf.Tensor:
        words = tf.strings.split(tf.strings.regex_replace(header, r"#[^\n]*", ""))
        width, height = tf.strings.to_number(words[1], tf.int32), tf.strings.to_number(words[2], tf.int32)
        channels = tf.where(words[0] == b"P6", 3, 1)
        begin, row = tf.strings.length(header), width * channels
        whole = tf.strings.length(image_bytes) == begin + row * height
        top, left, kept_height, kept_width = cut(height, width)
        with tf.control_dependencies([tf.debugging.Assert(whole, [OTHER_PPM])]):
            kept_bytes = tf.strings.substr(image_bytes, begin + top * row, kept_height * row)
        rows = tf.io.decode_raw(kept_bytes, tf.uint8)
        image = tf.reshape(rows, (kept_height, width, channels))[:, left : left + kept_width]
        return tf.cond(channels == 3, lambda: image, lambda: tf.repeat(image, 3, axis=-1))

    return tf.cond(is_header, read, lambda: refuse(OTHER_PPM))


def _header(image_bytes: tf.Tensor) -> tf.Tensor:
    """The first bytes as int32, filled up with zeros."""
    head = tf.io.decode_raw(tf.strings.substr(image_bytes, 0, HEAD), tf.uint8)
    return tf.ensure_shape(tf.cast(tf.pad(head, [[0, HEAD - tf.size(head)]]), tf.int32), (HEAD,))


def _begins(head: tf.Tensor, place: int, signature: bytes) -> tf.Tensor:
    return tf.reduce_all(head[place : place + len(signature)] == list(signature))


def refuse(reason: str) -> tf.Tensor:
    """Raise tf.errors.InvalidArgumentError with this reason, where a graph expects an image."""
    with tf.control_dependencies([tf.debugging.Assert(False, [reason])]):
        return tf.zeros((1, 1, 3), tf.uint8)


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """(H, W, 4) with alpha to (H, W, 3) on white; bytes are rounded half up, as Pillow rounds them."""

    def mixed() -> tf.Tensor:
        color = tf.cast(image[..., :3], tf.float32)
        alpha = tf.cast(image[..., 3:], tf.float32) / 255.0
        return tf.cast(tf.floor(color * alpha + 255.0 * (1.0 - alpha) + 0.5), tf.uint8)

    return tf.cond(tf.reduce_all(image[..., 3] == OPAQUE), lambda: image[..., :3], seldom(mixed))


def _decode_png(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow 2.21 fills the alpha of a palette, or of fewer than 8 bits, with its own wrong value when asked for 4
    channels; asked for as many as there are, it is right. With 8 or 16 bits 4 channels also bring a transparent colour.
    """
    bits, color_type = head[24], head[25]

    def as_stored() -> tf.Tensor:
        image = tf.io.decode_png(image_bytes)
        channels = tf.shape(image)[-1]
        colored = tf.cond(channels < 3, lambda: tf.repeat(image[..., :1], 3, axis=-1), lambda: image[..., :3])
        alpha = tf.cond(
            channels % 2 == 0,
            lambda: image[..., -1:],
            lambda: tf.fill(tf.shape(image[..., :1]), tf.constant(OPAQUE, tf.uint8)),
        )
        return tf.concat([colored, alpha], axis=-1)

    small = (color_type == 3) | (bits < 8)
    image = tf.cond(small, seldom(as_stored), lambda: tf.io.decode_png(image_bytes, channels=4))
    image.set_shape((None, None, 4))
    return _on_white(image)


def _decode_bmp(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow takes the palette's index of an 8-bit BMP for its brightness; here the palette is looked up."""
    header_size = head[14] + 256 * head[15]
    first_pixel = head[10] + 256 * head[11]

    def indexed() -> tf.Tensor:
        stored = tf.io.decode_bmp(image_bytes)
        stored.set_shape((None, None, None))
        index = tf.cast(stored[..., 0], tf.int32)
        raw = tf.strings.substr(image_bytes, 14 + header_size, first_pixel - 14 - header_size)
        palette = tf.reshape(tf.io.decode_raw(raw, tf.uint8), (-1, 4))[:, 2::-1]  # stored as blue, green, red, unused
        return tf.gather(palette, tf.minimum(index, tf.shape(palette)[0] - 1))

    return tf.case(
        [
            (is_other_bmp(head), lambda: refuse(OTHER_BMP)),
            (head[28] == 8, indexed),
        ],
        default=lambda: tf.io.decode_image(image_bytes, 3, expand_animations=False),
    )


def is_other_bmp(head: tf.Tensor) -> tf.Tensor:
    """Whether TensorFlow reads a BMP wrongly or not at all.

    Args:
        head: (..., HEAD), int32: the first bytes.
    """
    bits, compression, alpha = head[..., 28] + 256 * head[..., 29], head[..., 30:34], head[..., 66:70]
    plain = (bits == 8) | (bits == 24) | (bits == 32)
    masked = tf.reduce_any(compression != 0, -1)
    in_order = tf.reduce_all(head[..., 54:66] == list(struct.pack("<3I", *BGR)), -1)
    in_order &= (bits == 32) & tf.reduce_all(compression == [BITFIELDS, 0, 0, 0], -1)
    in_order &= (head[..., 14] == 40) | tf.reduce_all(alpha == 0, -1)
    old = (head[..., 14] < 40) & tf.reduce_all(head[..., 15:18] == 0, -1)
    return old | ~plain | (masked & ~in_order)


def _decode_webp(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow 2.21 corrupts memory when `decode_image` meets an animated WebP, so none is given to it."""
    extended = _begins(head, 12, b"VP8X")
    animated = extended & (tf.bitwise.bitwise_and(head[20], 2) > 0)

    def still() -> tf.Tensor:
        image = tf.io.decode_image(image_bytes, 0, expand_animations=False)
        image.set_shape((None, None, None))
        return tf.cond(tf.shape(image)[-1] == 4, lambda: _on_white(image), lambda: image[..., :3])

    return tf.cond(animated, lambda: refuse(ANIMATED_WEBP), still)
