"""How many pixels an image file announces: what its decoder will make room for, whatever the file's own size."""

import struct

import tensorflow as tf

from imgcls.data.images.bmp_masks import in_usual_order
from imgcls.image_files import MOST_PIXELS, Refused, TooLarge, check_size, opened

GIF_EXTENSION, GIF_FRAME = 0x21, 0x2C  # the first byte of a block


def announced_pixels(data: bytes) -> int:
    """Count the pixels that the header of an image announces.

    All frames of a GIF count, because TensorFlow unpacks them all: each for a third, with its byte a pixel.

    Args:
        data: The encoded image.

    Returns:
        The number of pixels, and 0 for what no decoder will take.

    Raises:
        TooLarge: With one clause, if it announces more than one image may have.
    """
    if data.startswith(b"GIF8"):
        return check_size(_gif_pixels(data))
    try:
        with opened(in_usual_order(data)) as image:
            return image.width * image.height
    except TooLarge:
        raise
    except Refused:  # a decoder may be content all the same
        return check_size(_pixels_by_place(data))


def _pixels_by_place(data: bytes) -> int:
    """Width times height of a file with other faults, from where its format has them; for WebP, which has them in many
    places, as many as there may be.
    """
    try:
        if data.startswith(b"\x89PNG"):
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
        elif data.startswith(b"\xff\xd8\xff"):
            height, width = tf.io.extract_jpeg_shape(data).numpy()[:2].tolist()
        else:
            return MOST_PIXELS if data.startswith(b"RIFF") else 0
    except (struct.error, tf.errors.InvalidArgumentError):
        return 0
    pixels: int = abs(width * height)
    return pixels


def _gif_pixels(data: bytes) -> int:
    """Pixels of the canvas, or a third of those of all frames if it is more, as far as the blocks can be followed."""
    canvas, frames = 0, 0
    try:
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        canvas, place = width * height, 13 + _color_table(flags)
        while data[place] in (GIF_EXTENSION, GIF_FRAME):
            if data[place] == GIF_EXTENSION:
                place = _after_blocks(data, place + 2)
            else:
                width, height, flags = struct.unpack_from("<HHB", data, place + 5)
                canvas, frames = max(canvas, width * height if not frames else 0), frames + width * height
                place = _after_blocks(data, place + 11 + _color_table(flags))
    except (struct.error, IndexError):
        pass  # cut off: what follows is nothing
    return max(canvas, frames // 3)


def _color_table(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    """The place behind a chain of data blocks, each with its length before it, and an empty one at the end."""
    while data[place]:
        place += data[place] + 1
    return place + 1
