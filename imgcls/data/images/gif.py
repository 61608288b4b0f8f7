"""GIF files to pixels: the first frame, on white."""

import tensorflow as tf

from imgcls.data.images.exif import LONGEST_HEADER, bytes_at, number

EXTENSION, FRAME = 0x21, 0x2C  # first bytes of a block
CONTROL = 0xF9  # second byte of the extension that says which colour is transparent
BYTES = [bytes([value]) for value in range(256)]


def decode_gif(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode the first frame of a GIF.

    TensorFlow 2.21 paints what is transparent black, and it mistakes a frame that does not fill its canvas. So the
    bytes are changed before: the transparent colour becomes white and the frame goes to the corner; then it is put in
    place.

    Args:
        image_bytes: A scalar string.

    Returns:
        (H, W, 3), uint8.
    """
    data = tf.io.decode_raw(tf.strings.substr(image_bytes, 0, LONGEST_HEADER), tf.uint8)
    screen = bytes_at(data, tf.constant(6), 5)
    control, frame = _blocks(data, 13 + _colors(screen[4]))
    descriptor = bytes_at(data, frame, 10)
    left, top, width, height = (number(descriptor[place : place + 2], False) for place in (1, 3, 5, 7))
    flags, transparent = tf.unstack(tf.gather(bytes_at(data, control, 7), (3, 6)))
    local = descriptor[9] >= 128
    color = tf.where(local, frame + 10, 13) + 3 * transparent
    is_transparent = (
        (control > 0) & (flags % 2 == 1) & (3 * transparent < _colors(tf.where(local, descriptor[9], screen[4])))
    )

    def in_white() -> tf.Tensor:
        opaque = _replaced(image_bytes, control + 3, tf.gather(BYTES, flags - 1), 1)
        return _replaced(opaque, color, b"\xff\xff\xff", 3)

    def placed() -> tf.Tensor:
        changed = tf.cond(is_transparent, in_white, lambda: image_bytes)
        image = decode(_replaced(changed, frame + 1, b"\0\0\0\0", 4))
        right = tf.maximum(number(screen[:2], False) - left - width, 0)
        below = tf.maximum(number(screen[2:4], False) - top - height, 0)
        return tf.pad(image, [[top, below], [left, right], [0, 0]], constant_values=255)

    def decode(changed: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(changed, 3, expand_animations=False)
        return tf.ensure_shape(image, (None, None, 3))

    return tf.cond(frame > 0, placed, lambda: decode(image_bytes))


def _colors(flags: tf.Tensor) -> tf.Tensor:
    """Bytes of the palette that these flags announce."""
    return tf.where(flags >= 128, 3 * tf.bitwise.left_shift(2, flags % 8), 0)


def _blocks(data: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where the first frame begins, and before it the extension that says what is transparent; 0 if there is none."""

    def searching(place: tf.Tensor, inside: tf.Tensor, control: tf.Tensor, frame: tf.Tensor) -> tf.Tensor:
        return (frame == 0) & (place < tf.size(data))

    def step(place: tf.Tensor, inside: tf.Tensor, control: tf.Tensor, frame: tf.Tensor) -> tuple[tf.Tensor, ...]:
        kind, label = tf.unstack(bytes_at(data, place, 2))
        begins_extension = ~inside & (kind == EXTENSION)
        control = tf.where(begins_extension & (label == CONTROL), place, control)
        frame = tf.where(~inside & (kind == FRAME), place, frame)
        following = tf.where(inside, place + 1 + kind, tf.where(begins_extension, place + 2, tf.size(data)))
        return following, begins_extension | (inside & (kind > 0)), control, frame

    _, _, control, frame = tf.while_loop(searching, step, (first, tf.constant(False), 0, 0))
    return control, frame


def _replaced(text: tf.Tensor, place: tf.Tensor, by: tf.Tensor | bytes, length: int) -> tf.Tensor:
    after = tf.strings.substr(text, place + length, tf.strings.length(text) - place - length)
    return tf.strings.join([tf.strings.substr(text, 0, place), by, after])
