"""What image files announce, whatever their size."""

import io
import struct
import zlib

import pytest
from PIL import Image

from imgcls.image_files import MOST_PIXELS, TooLarge
from imgcls.serving.server.core.announced import announced_pixels


def encoded(format: str, width: int = 40, height: int = 30, **options) -> bytes:
    file = io.BytesIO()
    Image.new("L" if format == "PPM" else "P", (width, height)).convert("RGB").save(file, format, **options)
    return file.getvalue()


def gif(*frames: tuple[int, int]) -> bytes:
    """A GIF of one black pixel of data in each frame, whatever size the frame announces."""
    data = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + b"\x21\xfe\x02hi\0"
    for width, height in frames:
        data += b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0"
    return data + b"\x3b"


def chunk(kind: bytes, content: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(width: int, height: int, *others: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(others)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "WEBP", "PPM"])
def test_width_times_height(format):
    assert announced_pixels(encoded(format)) == 40 * 30


def test_a_gif_is_unpacked_with_all_its_frames():
    assert announced_pixels(encoded("GIF")) == 40 * 30
    assert announced_pixels(gif((3, 4))) == 12  # a frame may be larger than the canvas
    assert announced_pixels(gif((3, 4), *[(5, 6)] * 9)) == (12 + 9 * 30) // 3
    assert announced_pixels(gif((3, 4), *[(5, 6)] * 9)[:45]) == 12
    with pytest.raises(TooLarge, match="announces 1,431,612,075 pixels, above the limit of 100,000,000"):
        announced_pixels(gif((1, 1), (65_535, 65_535)))


@pytest.mark.parametrize(
    "data",
    [
        png(20_000, 20_000, chunk(b"IDAT", b"")),
        png(20_000, 20_000, chunk(b"tEXt", b"a\0b", checksum=0), chunk(b"IDAT", b"")),  # which Pillow refuses to open
        encoded("BMP").replace(struct.pack("<ii", 40, 30), struct.pack("<ii", 40_000, -30_000)),
    ],
)
def test_a_small_file_that_announces_too_much_is_refused(data):
    assert len(data) < 10_000
    with pytest.raises(TooLarge, match=f"above the limit of {MOST_PIXELS:,} pixels; nothing was decoded"):
        announced_pixels(data)


@pytest.mark.parametrize(
    "data", [b"", b"text", b"GIF8", b"\x89PNG", b"BM", b"\xff\xd8\xff", b"P6 1", encoded("PNG")[:20]]
)
def test_what_no_decoder_takes_announces_nothing(data):
    assert announced_pixels(data) == 0


def test_a_damaged_webp_may_be_as_large_as_any():
    assert announced_pixels(encoded("WEBP")[:25]) == MOST_PIXELS
