"""BMP files whose header says by masks which bits are red, green, blue and alpha, put in the usual order of bytes.

https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapv4header describes them. TensorFlow does not look
at the masks, and Pillow knows a few sets of them only.
"""

import struct

import numpy as np

HEADERS = (40, 52, 56, 108, 124)  # bytes; older ones have other fields
BGR = (0x00FF0000, 0x0000FF00, 0x000000FF)  # the usual masks of red, green and blue, in 32 bits
ALPHA = 0xFF000000
BITFIELDS, ALPHA_BITFIELDS = 3, 6  # compressions: masks of three or of four channels
V3_HEADER, V4_HEADER = 56, 108  # bytes; from the first on the fourth mask is a part of the header


def in_usual_order(data: bytes) -> bytes:
    """Put the channels of a BMP with masks into the usual order.

    Args:
        data: Any file.

    Returns:
        The same image as a BMP of blue, green, red and, if it has it, alpha. Any other file, or a damaged one, stays as
        it is. An alpha that is 0 everywhere was left empty by its writer, and is left out.
    """
    if not data.startswith(b"BM") or len(data) < 70:
        return data
    first_pixel, header, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
    *color, alpha = struct.unpack_from("<4I", data, 54)
    masked = header in HEADERS and bits in (16, 32) and compression in (BITFIELDS, ALPHA_BITFIELDS)
    row = (width * bits + 31) // 32 * 4
    if not masked or not all(color) or width <= 0 or len(data) < first_pixel + row * abs(height):
        return data
    rows = np.frombuffer(data, np.uint8, row * abs(height), first_pixel).reshape(abs(height), row)
    stored = rows.view(f"<u{bits // 8}")[:, :width]
    has_alpha = alpha and (header >= V3_HEADER or compression == ALPHA_BITFIELDS)
    opacity = _channel(stored, alpha) if has_alpha else np.zeros_like(stored, np.uint8)
    pixels = np.stack([*(_channel(stored, mask) for mask in reversed(color)), opacity], axis=-1)
    masks = struct.pack("<4I", *BGR, ALPHA if opacity.any() else 0)
    head = struct.pack("<IiiHHIIiiII", V4_HEADER, width, height, 1, 32, BITFIELDS, pixels.nbytes, 0, 0, 0, 0) + masks
    head = head.ljust(V4_HEADER, b"\0")
    return b"BM" + struct.pack("<IHHI", 14 + V4_HEADER + pixels.nbytes, 0, 0, 14 + V4_HEADER) + head + pixels.tobytes()


def _channel(stored: np.ndarray, mask: int) -> np.ndarray:
    """The bits of a mask, stretched to 0 to 255."""
    shift = (mask & -mask).bit_length() - 1
    levels = (stored.astype(np.uint32) & np.uint32(mask)) >> np.uint32(shift)
    return (levels * (255.0 / (mask >> shift)) + 0.5).astype(np.uint8)
