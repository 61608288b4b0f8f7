"""What is known of an image file before it is decoded."""

import io
import struct

import pytest
from PIL import Image, PngImagePlugin

from imgcls.image_files import ORIENTATION, exif_orientation, opened


def encoded(format: str, orientation: int | None = None) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    Image.new("RGB", (40, 30)).save(file, format, exif=exif)
    return file.getvalue()


def behind_the_pixels(png: bytes) -> bytes:
    """The same PNG with its chunk of EXIF as the last but one, where a writer may put it as well."""
    begin = png.index(b"eXIf") - 4
    end = begin + 12 + struct.unpack_from(">I", png, begin)[0]
    return png[:begin] + png[end:-12] + png[begin:end] + png[-12:]


def orientation_of(data: bytes) -> int:
    with opened(data) as image:
        return exif_orientation(image)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("value", [1, 6, 8])
def test_the_orientation_is_that_of_exif(format, value):
    assert orientation_of(encoded(format, value)) == value


def test_exif_of_a_png_may_stand_behind_its_pixels():
    data = behind_the_pixels(encoded("PNG", 6))
    assert data.index(b"IDAT") < data.index(b"eXIf")
    assert orientation_of(data) == 6


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_no_exif_is_upright(format):
    assert orientation_of(encoded(format)) == 1


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"MM\0*\0\0\0\x08\xff", b"noise"])
def test_broken_exif_is_upright(exif):
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "PNG", exif=exif)
    assert orientation_of(file.getvalue()) == 1


def test_a_value_that_exif_does_not_know_is_upright():
    assert orientation_of(encoded("JPEG", 9)) == 1


@pytest.mark.parametrize("orientation", [None, 6])
def test_a_png_is_not_decoded_for_its_orientation(monkeypatch, orientation):
    decoded = []
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda image: decoded.append(image))
    with opened(encoded("PNG", orientation)) as image:
        assert exif_orientation(image) == (orientation or 1)
    assert not decoded


def test_a_png_that_is_cut_off_has_an_orientation():
    data = encoded("PNG")
    assert orientation_of(data[: len(data) - 20]) == 1
