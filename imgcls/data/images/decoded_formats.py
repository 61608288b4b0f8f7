"""The image files that TensorFlow's decoders read completely and correctly; Pillow reads the others."""

import re
import struct

from imgcls.data.images.bmp_masks import BGR, BITFIELDS, HEADERS

PPM_HEADER = 256  # bytes that are searched, comments included
_SPACE = r"(?:\s+#[^\n]*)*\s+"
PPM_PATTERN = rf"(P[56]){_SPACE}(\d+){_SPACE}(\d+){_SPACE}255\s"  # binary with 8 bits


def decodes(data: bytes) -> bool:
    """Whether `imgcls.data.images.decoding.decode` reads an image correctly, unless it is damaged.

    No GIF counts: TensorFlow refuses some that every browser shows.

    Args:
        data: The bytes of the file.
    """
    if data.startswith(b"BM"):
        return _decodes_bmp(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return not (data[12:16] == b"VP8X" and data[20] & 2)  # animated
    if data.startswith((b"P5", b"P6")):
        return _decodes_ppm(data)
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG"))


def _decodes_bmp(data: bytes) -> bool:
    if len(data) < 70:
        return False
    first_pixel, header, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
    masks = struct.unpack_from("<4I", data, 54)
    plain = bits in (8, 24, 32) and compression == 0
    blue_green_red = bits == 32 and compression == BITFIELDS and masks[:3] == BGR and (header == 40 or masks[3] == 0)
    row = (width * bits + 31) // 32 * 4
    whole = width > 0 and first_pixel < 1 << 16 and len(data) >= first_pixel + row * abs(height)
    return header in HEADERS and whole and (plain or blue_green_red)


def _decodes_ppm(data: bytes) -> bool:
    found = re.match(PPM_PATTERN.encode(), data[:PPM_HEADER])
    if not found:
        return False
    channels = 3 if found[1] == b"P6" else 1
    return len(data) == found.end() + channels * int(found[2]) * int(found[3])
