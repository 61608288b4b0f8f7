import os
import struct
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgcls import image_files
from imgcls.data.images.decoding import decode
from imgcls.data.images.transcoding import still, transcoded_file
from imgcls.data.inspection import cache as inspection_cache
from imgcls.data.inspection import facts as facts_module
from imgcls.data.inspection.facts import image_facts
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import MEASURED, Manifest
from imgcls.image_files import UNKNOWN_FORMAT
from tests.data.image_samples import encoded, kinds_of_files, photos, write


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return photos()["astronaut"]


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def opened(monkeypatch) -> list[int]:
    """The sizes of the files that are opened from now on."""
    sizes = []
    monkeypatch.setattr(facts_module, "image_facts", lambda data: sizes.append(len(data)) or image_facts(data))
    return sizes


def manifest_of(folder: Path) -> Manifest:
    images = sorted(path.name for path in folder.iterdir())
    return Manifest.from_records(pd.DataFrame({"image": images, "label": "cat", "split": ""}), folder)


def test_every_trait_and_every_defect_is_seen(photo, tmp_path, cache):
    seen = inspect(manifest_of(write(tmp_path / "files", kinds_of_files(photo)))).table.set_index("image")
    assert seen["problems"][seen["problems"] != ""].to_dict() == {
        "almost.jpg": "a damaged or truncated JPEG file (9,391 bytes)",
        "almost.png": "a damaged or truncated PNG file (65,016 bytes)",
        "bomb.png": "a header that announces 400,000,000 pixels, above the limit of 100,000,000 pixels; "
        "nothing was decoded",
        "broken.apng": "a damaged or truncated PNG file (130,207 bytes)",
        "empty.jpg": "the file is empty (0 bytes)",
        "float.tif": "an image with floating-point pixels; expected 8 or 16 bits, so save it as PNG",
        "half.jpg": "a damaged or truncated JPEG file (4,696 bytes)",
        "half.png": "a damaged or truncated PNG file (32,510 bytes)",
        "text.jpg": UNKNOWN_FORMAT,
    }
    assert seen["traits"][(seen["traits"] != "") & (seen["problems"] == "")].to_dict() == {
        "alpha.png": "alpha",
        "animated.gif": "animated, transcoded",
        "animated.webp": "animated, transcoded",
        "broken_exif.apng": "animated",
        "cmyk.jpg": "CMYK",
        "palette_bits.bmp": "transcoded",
        "photo.tif": "transcoded",
        "sixteen.png": "16-bit",
        "sixteen.tif": "16-bit, transcoded",
        "turned.jpg": "turned",
        "zeros.webp": "zeros",
    }
    assert seen.loc["turned.jpg", ["width", "height"]].tolist() == [photo.height, photo.width]
    assert seen.loc["really_a_png.jpg", "format"] == "PNG"
    assert seen.loc["white.png", "perceptual_hash"] == ""
    assert bool(seen.loc["sixteen.png", "grayscale"]) > bool(seen.loc["whole.jpg", "grayscale"])
    assert len(seen.loc["whole.jpg", "sha256"]) == 64


def test_training_reads_the_png_of_a_file_that_tensorflow_cannot_decode(photo, tmp_path, cache):
    write(tmp_path / "files", {"a.tif": encoded(photo, "TIFF"), "b.png": encoded(photo, "PNG")})
    manifest = inspect(manifest_of(tmp_path / "files"))
    png, untouched = manifest.paths(manifest.table)
    assert untouched == tmp_path / "files" / "b.png"
    assert png.is_relative_to(cache)
    png.unlink()  # the cache may be emptied at any time
    (again, _) = manifest.paths(manifest.table)
    assert (decode(tf.io.read_file(str(again))).numpy() == np.asarray(photo)).all()


def test_sixteen_bits_keep_their_shades(photo, tmp_path, cache):
    shades = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    facts = image_facts(encoded(Image.fromarray(shades), "TIFF"))
    kept = np.asarray(Image.open(transcoded_file(facts["sha256"])))
    assert (kept == shades >> 8).all()


@pytest.mark.parametrize("bits", [12, 16])
def test_a_tiff_of_few_bits_is_not_dark(cache, bits):
    levels = np.linspace(0, 2**bits - 1, 64 * 48).astype(np.uint16).reshape(48, 64)
    order = ">" if bits == 12 else "<"  # in which Pillow packs them
    unpacked = np.unpackbits(levels.astype(f"{order}u2")[..., None].view(np.uint8), axis=-1)[..., 16 - bits :]
    entries = [(256, 64), (257, 48), (258, bits), (259, 1), (262, 1), (273, 134), (277, 1), (278, 48),
               (279, 48 * 64 * bits // 8), (282, 1)]  # fmt: skip
    table = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + np.packbits(unpacked).tobytes()
    assert np.array_equal(np.asarray(still(data)), levels >> (bits - 8))


def test_heic_is_read_with_its_package_and_named_without(photo, cache, monkeypatch):
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = encoded(photo, "HEIF")
    assert image_facts(data)["traits"] == "transcoded"
    monkeypatch.setattr(image_files, "pillow_formats", lambda: ("JPEG", "PNG"))
    assert image_facts(data) == {"problems": "a HEIC file, which needs a further package: pip install 'imgcls[heic]'"}


def test_what_an_earlier_version_kept_is_looked_at_again(photo, tmp_path, cache, opened, monkeypatch):
    folder = write(tmp_path / "files", {"a.jpg": encoded(photo), "small.jpg": encoded(photo.resize((40, 40)))})
    with monkeypatch.context() as earlier:
        earlier.setattr(inspection_cache, "VERSION", 1)
        earlier.setattr(inspection_cache, "FACTS", tuple(n for n in inspection_cache.FACTS if n not in MEASURED))
        inspect(manifest_of(folder))
    first = inspect(manifest_of(folder)).table
    assert len(opened) == 4
    assert first["sharpness"].isna().tolist() == [False, True]
    pd.testing.assert_frame_equal(inspect(manifest_of(folder)).table, first)  # numbers come back as they were
    assert len(opened) == 4


def test_a_second_look_opens_only_what_changed(photo, tmp_path, cache, opened):
    files = {f"{i}.jpg": encoded(photo, quality=50 + i) for i in range(5)}
    folder = write(tmp_path / "files", files)
    first = inspect(manifest_of(folder))
    assert len(opened) == 5
    second = inspect(manifest_of(folder), before_opening=lambda: pytest.fail("TensorFlow would be imported"))
    assert len(opened) == 5
    pd.testing.assert_frame_equal(first.table, second.table)
    (folder / "3.jpg").write_bytes(encoded(photo.rotate(90)))
    os.utime(folder / "4.jpg", ns=(0, 0))
    third = inspect(manifest_of(folder))
    assert len(opened) == 7
    changed = first.table["sha256"] != third.table["sha256"]
    assert third.table["image"][changed].tolist() == ["3.jpg"]


def test_what_was_seen_is_not_looked_at_again_unless_wished(photo, tmp_path, cache, opened):
    manifest = inspect(manifest_of(write(tmp_path / "files", {"a.jpg": encoded(photo)})))
    (manifest.root / "a.jpg").write_bytes(b"")
    assert inspect(manifest).problems.empty
    assert inspect(manifest, again=True).problems["problems"].tolist() == ["the file is empty (0 bytes)"]


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_broken_cache_does_no_harm(photo, tmp_path, cache, content, opened):
    folder = write(tmp_path / "files", {"a.jpg": encoded(photo)})
    inspect(manifest_of(folder))
    (file,) = cache.glob("*.sqlite")
    file.write_bytes(content)
    for _ in range(2):
        assert inspect(manifest_of(folder)).problems.empty
    assert len(opened) == 2  # the first made a new cache, from which the second read


def test_a_cache_that_cannot_be_written_does_no_harm(photo, tmp_path, cache):
    cache.write_text("a file where the folder should be")
    assert inspect(manifest_of(write(tmp_path / "files", {"a.jpg": encoded(photo)}))).problems.empty


def test_two_can_look_at_once(photo, tmp_path, cache):
    folder = write(tmp_path / "files", {f"{i}.jpg": encoded(photo, quality=30 + i) for i in range(20)})
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(inspect(manifest_of(folder)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 3
    assert all(manifest.problems.empty and manifest.table.equals(seen[0].table) for manifest in seen)


def test_rows_of_one_file_open_it_once(photo, tmp_path, cache, opened):
    folder = write(tmp_path / "files", {"a.jpg": encoded(photo)})
    boxes = [{"image": "a.jpg", "label": "x", "split": "", "x_min": i, "y_min": 0, "x_max": i + 5, "y_max": 5}
             for i in range(3)]  # fmt: skip
    done = []
    manifest = inspect(Manifest.from_records(pd.DataFrame(boxes), folder), done.append)
    assert len(opened) == 1
    assert done == [3]
    assert manifest.table["width"].tolist() == [photo.width] * 3


SEEDS = [
    encoded(Image.new("RGB", (9, 7), "red"), format) for format in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF")
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2000), st.binary(max_size=12))
def test_any_bytes_give_facts_or_a_problem(seed, place, noise):
    data = seed[: place % len(seed)] + noise + seed[place % len(seed) + len(noise) :]
    try:
        facts = image_facts(data)
    except tf.errors.OpError:
        return
    assert facts.get("problems") or facts["width"]


def test_an_image_whose_annotation_states_its_size_is_opened_too(tmp_path, photo, cache):
    write(tmp_path, {"a.png": encoded(photo, "PNG"), "b.png": b"no image"})
    rows = [{"image": name, "label": "cat", "width": 7, "height": 7} for name in ("a.png", "b.png")]
    table = inspect(Manifest.from_records(pd.DataFrame(rows), tmp_path)).table
    assert table["width"].tolist() == [photo.width, 7]
    assert [bool(digest) for digest in table["sha256"]] == [True, False]
    assert [bool(why) for why in table["problems"]] == [False, True]
