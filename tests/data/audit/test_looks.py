"""Images that are spoilt in one way each are found, and nothing is found in the photos that they were made of."""

import shutil

import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from imgcls.data.audit import find_problems
from imgcls.data.audit.cleaning import clean
from imgcls.data.duplicates.near_duplicates import find_copies
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest
from tests.data.image_samples import cropped, encoded, half, jpeg_copy, photos, write

PHOTOS = {name: image for name, image in photos().items() if name != "clock"}  # which its camera's motion blurred
SPOILT = {
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.25),
    "light": lambda image: Image.blend(image, Image.new("RGB", image.size, "white"), 0.96),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 48)),
    "low information": lambda image: image.convert("L").point(lambda level: 200 if level > 100 else 60),
    "extreme aspect": lambda image: image.crop((0, 0, image.width, image.width // 4)),
}
TURNED = {
    "mirrored": ImageOps.mirror,
    "mirrored top to bottom": lambda image: ImageOps.flip(half(image)),
    "rotated by 90° clockwise": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "rotated by 90° anticlockwise": lambda image: jpeg_copy(image.transpose(Image.Transpose.ROTATE_90), 60),
    "rotated by 180°": lambda image: jpeg_copy(half(image.transpose(Image.Transpose.ROTATE_180)), 80),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))


def looked_at(folder, suffix: str = "jpg", **images: bytes) -> Manifest:
    """The manifest of files of the class thing."""
    write(folder / "thing", {f"{name}.{suffix}": data for name, data in images.items()})
    return inspect(load_manifest(folder))


def found(manifest: Manifest) -> dict[str, set[str]]:
    """The names of the images by the kind of finding."""
    kinds: dict[str, set[str]] = {}
    for finding in find_problems(manifest):
        kinds.setdefault(finding.kind, set()).update(image.split("/")[-1].split(".")[0] for image in finding.images)
    return kinds


def test_photos_are_clean(tmp_path):
    clean_ones = looked_at(tmp_path, **{name: encoded(image, quality=90) for name, image in PHOTOS.items()})
    assert found(clean_ones).keys() <= {"few examples"}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_image_is_found(kind, tmp_path):
    spoilt = {name: encoded(SPOILT[kind](image), "PNG") for name, image in PHOTOS.items()}
    assert found(looked_at(tmp_path, "png", **spoilt))[kind] == set(spoilt)


def test_what_the_camera_moved_is_blurred(tmp_path):
    import skimage.data

    assert found(looked_at(tmp_path, clock=encoded(Image.fromarray(skimage.data.clock()))))["blurred"] == {"clock"}


def test_a_dark_image_is_not_told_to_be_blurred_as_well(tmp_path):
    dark = SPOILT["dark"](SPOILT["blurred"](PHOTOS["coffee"]))
    assert found(looked_at(tmp_path, dark=encoded(dark))).keys() == {"dark", "too few for a class"}


def test_small_images_may_be_soft_and_have_few_shades(tmp_path):
    icon = encoded(SPOILT["low information"](PHOTOS["coffee"]).resize((60, 40)))
    assert found(looked_at(tmp_path, icon=icon)).keys() == {"too few for a class"}


def sized(*sizes: tuple[int, int]) -> Manifest:
    rows = [{"image": f"{i}.jpg", "label": "cat", "split": "", "width": width, "height": height, "format": "JPEG"}
            for i, (width, height) in enumerate(sizes)]  # fmt: skip
    return Manifest.from_records(pd.DataFrame(rows), "/nowhere")


def test_a_size_unlike_the_others_is_found():
    usual = [(500 + 5 * i, 375) for i in range(30)]
    assert found(sized(*usual, (100, 80), (3000, 2000), (420, 300)))["odd size"] == {"30", "31"}
    assert found(sized(*[(500, 375)] * 30, (490, 370), (200, 150)))["odd size"] == {"31"}
    assert "odd size" not in found(sized(*usual[:10], (3000, 2000)))  # too few to say what is usual
    assert "odd size" not in found(sized(*usual, *[(1500, 1125)] * 20))


@pytest.mark.parametrize("how", TURNED)
def test_a_turned_copy_is_found_and_named(how, tmp_path):
    uneven = {name: image for name, image in PHOTOS.items() if name != "retina"}  # which is round
    images = uneven | {f"{name}_turned": TURNED[how](image) for name, image in uneven.items()}
    manifest = looked_at(tmp_path, **{name: encoded(image, quality=90) for name, image in images.items()})
    findings = [finding for finding in find_problems(manifest) if finding.kind == "turned copies"]
    pairs = {frozenset(image.split("/")[-1].removesuffix(".jpg") for image in finding.images) for finding in findings}
    assert pairs == {frozenset((name, f"{name}_turned")) for name in uneven}
    assert {finding.why for finding in findings} == {f"2 files with the same image, {how}"}


def test_a_crop_of_10_percent_at_each_side_is_found(tmp_path):
    images = PHOTOS | {f"{name} crop": cropped(image, 0.2) for name, image in PHOTOS.items()}
    manifest = looked_at(tmp_path, **{name: encoded(image, quality=90) for name, image in images.items()})
    pairs = [set(finding.images) for finding in find_problems(manifest) if finding.kind == "near copies"]
    assert all(
        {image.replace(" crop", "") for image in pair} == {min(pair, key=len)} for pair in pairs
    )  # none is false
    assert len(pairs) >= 0.8 * len(PHOTOS)


@pytest.fixture
def arrows(tmp_path):
    """An image as it is and mirrored, of two classes, and once more mirrored as another file of the first."""
    left, right = (encoded(image) for image in (PHOTOS["rocket"], ImageOps.mirror(PHOTOS["rocket"])))
    return write(tmp_path / "arrows", {"left/a.jpg": left, "right/b.jpg": right})


def test_a_mirrored_image_with_another_label_is_left_where_it_is(arrows):
    manifest = inspect(load_manifest(arrows))
    copies = find_copies(manifest)
    assert copies.groups.nunique() == 2
    kinds = {finding.kind: finding for finding in find_problems(manifest, copies)}
    assert kinds["turned copies, two labels"].why == "the same image, mirrored, labelled 'left' and 'right'"
    assert kinds["turned copies, two labels"].severity == "warning"
    cleaned, effects = clean(manifest, copies.groups)
    assert len(cleaned.table) == 2
    assert effects.empty


def test_cleaning_keeps_one_of_turned_copies_with_one_label_and_all_that_only_look_bad(arrows):
    shutil.copy(arrows / "right" / "b.jpg", arrows / "left" / "b.jpg")
    (arrows / "right" / "b.jpg").write_bytes(encoded(SPOILT["dark"](PHOTOS["coffee"])))
    manifest = inspect(load_manifest(arrows))
    assert "dark" in found(manifest)
    cleaned, effects = clean(manifest, find_copies(manifest).groups)
    assert cleaned.table["image"].tolist() == ["left/a.jpg", "right/b.jpg"]
    assert effects["reason"].tolist() == ["a copy of left/a.jpg"]
