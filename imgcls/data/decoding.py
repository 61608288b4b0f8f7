"""Encoded images to pixels, in TensorFlow ops: the formats that can be read, and their traps."""

import tensorflow as tf

from imgcls.data.exif import orientation, upright

READABLE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WebP")
UNKNOWN_FORMAT = f"no image that can be read; expected {', '.join(READABLE_FORMATS[:-1])} or {READABLE_FORMATS[-1]}"
ANIMATED_WEBP = "an animated WebP; expected a still image, so save one of its frames"
COMPRESSED_BMP = "a BMP with compression or with 1, 2, 4 or 16 bits a pixel; expected 8, 24 or 32, or a PNG"


def decode(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode a scalar string into upright pixels (H, W, 3), uint8, in sRGB order.

    Grey becomes three equal channels, a palette its colours, 16 bits 8; the first frame of a GIF stands for all; what
    is transparent in a PNG or WebP lies on white; EXIF orientation is applied. Raises tf.errors.InvalidArgumentError
    for anything that is not whole.
    """
    head = _header(image_bytes)
    image = tf.case(
        [
            (_begins(head, 0, b"\xff\xd8\xff"), lambda: tf.io.decode_jpeg(image_bytes, channels=3)),
            (_begins(head, 0, b"\x89PNG"), lambda: _decode_png(image_bytes, head)),
            (_begins(head, 0, b"GIF8"), lambda: tf.io.decode_image(image_bytes, 3, expand_animations=False)),
            (_begins(head, 0, b"BM"), lambda: _decode_bmp(image_bytes, head)),
            (_begins(head, 8, b"WEBP"), lambda: _decode_webp(image_bytes, head)),
        ],
        default=lambda: refuse(UNKNOWN_FORMAT),
    )
    image.set_shape((None, None, 3))
    return upright(image, orientation(image_bytes))


def _header(image_bytes: tf.Tensor) -> tf.Tensor:
    """The first 64 bytes as int32, filled up with zeros."""
    head = tf.io.decode_raw(tf.strings.substr(image_bytes, 0, 64), tf.uint8)
    return tf.ensure_shape(tf.cast(tf.pad(head, [[0, 64 - tf.size(head)]]), tf.int32), (64,))


def _begins(head: tf.Tensor, place: int, signature: bytes) -> tf.Tensor:
    return tf.reduce_all(head[place : place + len(signature)] == list(signature))


def refuse(reason: str) -> tf.Tensor:
    """Raise tf.errors.InvalidArgumentError with this reason, where a graph expects an image."""
    with tf.control_dependencies([tf.debugging.Assert(False, [reason])]):
        return tf.zeros((1, 1, 3), tf.uint8)


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """(H, W, 4) with alpha to (H, W, 3) on white; bytes are rounded half up, as Pillow rounds them."""
    color = tf.cast(image[..., :3], tf.float32)
    alpha = tf.cast(image[..., 3:], tf.float32) / 255.0
    return tf.cast(tf.floor(color * alpha + 255.0 * (1.0 - alpha) + 0.5), tf.uint8)


def _decode_png(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow 2.21 fills the alpha of a palette, or of fewer than 8 bits, with its own wrong value when asked for 4
    channels; asked for as many as there are, it is right. With 8 or 16 bits 4 channels also bring a transparent colour.
    """
    bits, color_type = head[24], head[25]

    def as_stored():
        image = tf.io.decode_png(image_bytes)
        channels = tf.shape(image)[-1]
        colored = tf.cond(channels < 3, lambda: tf.repeat(image[..., :1], 3, axis=-1), lambda: image[..., :3])
        alpha = tf.cond(channels % 2 == 0, lambda: image[..., -1:], lambda: tf.fill(tf.shape(image[..., :1]), _OPAQUE))
        return tf.concat([colored, alpha], axis=-1)

    small = (color_type == 3) | (bits < 8)
    image = tf.cond(small, as_stored, lambda: tf.io.decode_png(image_bytes, channels=4))
    image.set_shape((None, None, 4))
    return _on_white(image)


_OPAQUE = tf.constant(255, tf.uint8)


def _decode_bmp(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow takes the palette's index of an 8-bit BMP for its brightness; here the palette is looked up."""
    bits = head[28] + 256 * head[29]
    compressed = tf.reduce_any(head[30:34] != 0)
    header_size = head[14] + 256 * head[15]
    first_pixel = head[10] + 256 * head[11]

    def indexed():
        stored = tf.io.decode_bmp(image_bytes)
        stored.set_shape((None, None, None))
        index = tf.cast(stored[..., 0], tf.int32)
        raw = tf.strings.substr(image_bytes, 14 + header_size, first_pixel - 14 - header_size)
        palette = tf.reshape(tf.io.decode_raw(raw, tf.uint8), (-1, 4))[:, 2::-1]  # stored as blue, green, red, unused
        return tf.gather(palette, tf.minimum(index, tf.shape(palette)[0] - 1))

    return tf.case(
        [
            (compressed & (bits < 32), lambda: refuse(COMPRESSED_BMP)),
            (bits == 8, indexed),
            (bits >= 24, lambda: tf.io.decode_image(image_bytes, 3, expand_animations=False)),
        ],
        default=lambda: refuse(COMPRESSED_BMP),
    )


def _decode_webp(image_bytes: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """TensorFlow 2.21 corrupts memory when `decode_image` meets an animated WebP, so none is given to it."""
    extended = _begins(head, 12, b"VP8X")
    animated = extended & (tf.bitwise.bitwise_and(head[20], 2) > 0)

    def still():
        image = tf.io.decode_image(image_bytes, 0, expand_animations=False)
        image.set_shape((None, None, None))
        return tf.cond(tf.shape(image)[-1] == 4, lambda: _on_white(image), lambda: image[..., :3])

    return tf.cond(animated, lambda: refuse(ANIMATED_WEBP), still)
