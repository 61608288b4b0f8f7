"""Every file that is given is read or has its reason, and whoever reads it sees the same image."""

import os
from contextlib import suppress

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from imgcls.config import LabelsConfig
from imgcls.data.images.decoding import decode
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.images.transcoding import decodable, still
from imgcls.data.inspection.inspect import inspect
from imgcls.data.sources.importing import import_manifest
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.image_files import UNKNOWN_FORMAT, Refused, shown_name
from tests.data.image_samples import photos
from tests.data.images.every_format import NOT_UTF8, READ, write_every_format

UNREADABLE = {  # beside the formats that are not read at all
    "bomb.png": "400,000,000 pixels, above the limit",
    "broken.apng": "a damaged or truncated PNG",
    "broken_data.apng": "a damaged or truncated PNG",
    "caf\\xe9.png": "the file's name is not UTF-8",
    "empty.png": "the file is empty",
    "page.jpg": "an HTML page",
    "scan.dcm": "a DICOM file",
    "text.jpg": UNKNOWN_FORMAT,
    "PPM-F.pbm": "floating-point",
    "TIFF-F.tif": "floating-point",
    "half-DIB": UNKNOWN_FORMAT,
    **{f"half-{format}": "a damaged or truncated" for format in READ if format != "DIB"},
}
CHANGED_BY_WRITING = ("CMYK", "1", "P", "L", "I16", "F", "GIF")  # what these hold is not the photo any more
NOT_ALONE = (".pgm", "off_the_corner", "transparent", "turned", "4444", "565", "RGBA")  # compared elsewhere


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return photos()["chelsea"].resize((24, 18))


@pytest.fixture(scope="module")
def files(photo, tmp_path_factory):
    return write_every_format(tmp_path_factory.mktemp("every"), photo)


@pytest.fixture(scope="module")
def imported(files):
    imported = import_manifest(files[0].parents[1], LabelsConfig())
    return imported, inspect(imported.manifest)


@pytest.fixture(scope="module")
def reasons(imported) -> dict[str, str]:
    """Why each file was not read, by its name."""
    labels, manifest = imported
    rows = [*labels.problems[["file", "reason"]].to_numpy(), *manifest.problems.to_numpy()]
    return {file.rpartition("/")[2]: reason for file, reason in rows}


def test_files_given_are_rows_and_problems(files, imported):
    labels, manifest = imported
    assert (labels.problems["effect"] == "left out").all()
    named = [*labels.problems["file"], *manifest.table["image"]]
    assert sorted(named) == sorted(shown_name(path.relative_to(manifest.root)) for path in files)


def test_all_formats_of_the_sentence_are_read_and_the_others_have_their_reason(files, reasons):
    for name in map(shown_name, (path.name for path in files)):
        other_format = "-" in name and not name.startswith(("masks", "half", *READ))
        assert (name in reasons) == (other_format or name in UNREADABLE)
        assert UNREADABLE.get(name, "expected JPEG" if other_format else "") in reasons.get(name, "")


def test_what_the_photo_was_saved_as_is_read_as_the_photo(photo, imported):
    _, manifest = imported
    expected, compared = np.asarray(photo).astype(float), 0
    usable = manifest.usable
    for image, path in zip(usable["image"], manifest.paths(usable), strict=True):
        if not any(part in image for part in (*NOT_ALONE, *(f"-{mode}." for mode in CHANGED_BY_WRITING))):
            found = decode(tf.io.read_file(str(path))).numpy()
            assert np.abs(found - expected).mean() < 16, image  # gray levels; small photos suffer from compression
            compared += 1
    assert compared > 30


@pytest.mark.parametrize(
    "name", ["masks-rgbx.bmp", "masks-rgba.bmp", "masks-bgra.bmp", "masks-xbgr.bmp", "DIB-RGB.dib"]
)
def test_a_bmp_of_any_order_of_channels_is_the_photo_to_the_bit(photo, files, name):
    assert np.array_equal(pixels_of(files, name), photo)


@pytest.mark.parametrize(("name", "bits"), [("masks-565.bmp", 5), ("masks-4444.bmp", 4)])
def test_a_bmp_of_few_bits_is_stretched_to_all_levels(photo, files, name, bits):
    assert np.abs(pixels_of(files, name) - np.asarray(photo).astype(float)).max() <= 255 / (2**bits - 1) / 2 + 1


def test_a_frame_off_the_corner_lies_on_a_white_canvas(photo, files):
    found = pixels_of(files, "off_the_corner.gif")
    assert np.array_equal(found[3:21, 5:29], np.asarray(photo.quantize(64).convert("RGB")))
    found[3:21, 5:29] = 255
    assert found.shape == (25, 33, 3)
    assert (found == 255).all()


def test_what_is_transparent_in_a_gif_lies_on_white(photo, files):
    palette = photo.quantize(8)
    expected = np.where(np.asarray(palette)[..., None] == 2, 255, palette.convert("RGB"))
    assert np.array_equal(pixels_of(files, "transparent.gif"), expected)


@pytest.mark.parametrize("name", ["sixteen.pgm", "twelve.pgm", "text.pgm"])
def test_a_pgm_of_any_depth_keeps_its_levels(photo, files, name):
    assert np.abs(pixels_of(files, name)[..., 0] - np.asarray(photo.convert("L")).astype(int)).max() <= 1


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
def test_what_is_turned_is_read_upright(files, suffix):
    (path,) = (path for path in files if path.name == f"turned.{suffix}")
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB")).astype(float)
    assert np.abs(pixels_of(files, path.name) - upright).max() <= 4


def pixels_of(files, name: str) -> np.ndarray:
    """What is predicted from, (H, W, 3), before it is resized."""
    (path,) = (path for path in files if path.name == name)
    return decode(decodable(path.read_bytes())).numpy()


def test_prediction_reads_the_pixels_that_training_reads(files, imported, reasons):
    _, manifest = imported
    usable = manifest.usable
    outcomes = read_images([*files, *manifest.paths(usable)], Preprocessing(16, 16))
    predicted = {shown_name(path.name): outcome for path, outcome in zip(files, outcomes, strict=False)}
    for image, outcome in zip(usable["image"], outcomes, strict=True):
        assert np.array_equal(predicted[image.rpartition("/")[2]].result, outcome.result)
    read = {name for name, outcome in predicted.items() if not outcome.problem}
    assert read == {shown_name(path.name) for path in files} - set(reasons) | {shown_name(os.fsdecode(NOT_UTF8))}
    transcoded = {name for name, outcome in predicted.items() if outcome.transcoded}
    assert transcoded == {image.rpartition("/")[2] for image in manifest.transcoded}


def test_a_gif_is_decoded_in_the_graph_as_its_png_is(files):
    gifs = [path for path in files if path.suffix == ".gif" and path.name != "without_end.gif"]
    assert len(gifs) > 8
    for path in gifs:
        assert np.array_equal(decode(path.read_bytes()), pixels_of(files, path.name)), path.name


def test_a_thumbnail_is_made_of_what_is_read_and_of_nothing_else(files, reasons):
    for path in files:
        unread = shown_name(path.name) in reasons and path.name != os.fsdecode(NOT_UTF8)
        assert bool(thumbnail(path)) != unread, path.name


def test_nothing_is_said_on_stderr(files, capfd):
    for path in files:
        with suppress(Refused):
            still(path.read_bytes())
    assert capfd.readouterr().err == ""
