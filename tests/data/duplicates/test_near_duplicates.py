import numpy as np
import pandas as pd
import PIL.Image

from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.duplicates.orientations import NAMES, canonical, orientation_beside, turn
from imgcls.data.duplicates.perceptual_hash import grayscale_image, perceptual_hash
from imgcls.data.manifest.table import Manifest
from tests.conftest import SAMPLE
from tests.data.duplicates.test_hash_search import flip
from tests.data.image_samples import COPIES, photos


def manifest_of(**columns: list) -> Manifest:
    return Manifest.from_records(pd.DataFrame({"label": "cat", "split": "", **columns}), "/nowhere")


def clusters(manifest: Manifest) -> list[set[str]]:
    groups = near_duplicate_groups(manifest)
    return sorted((set(rows) for _, rows in manifest.table["image"].groupby(groups)), key=min)


def seen(images: dict[str, np.ndarray]) -> Manifest:
    """A manifest as the inspection leaves it. images: (H, W, 3) uint8 by name."""
    hashes, thumbnails = zip(*(perceptual_hash(grayscale_image(pixels)) for pixels in images.values()), strict=True)
    heights, widths = zip(*(pixels.shape[:2] for pixels in images.values()), strict=True)
    return manifest_of(image=list(images), perceptual_hash=hashes, thumbnail=thumbnails, width=widths, height=heights)


def test_an_image_looks_alike_however_it_was_turned():
    cells = np.asarray(photos()["coffee"].convert("L").resize((16, 16)))

    def forms(image: np.ndarray) -> set[bytes]:
        return {turn(image, orientation).tobytes() for orientation in canonical(image[None])[1]}

    assert all(forms(turn(cells, orientation)) == forms(cells) for orientation in range(8))
    assert [NAMES[orientation_beside(turn(cells, o), cells)] for o in range(8)] == list(NAMES)


def test_files_with_equal_bytes_and_rows_of_one_file_are_together():
    manifest = manifest_of(image=["a", "b", "a", "c", "d"], sha256=["1", "2", "1", "2", ""])
    assert near_duplicate_groups(manifest).tolist() == [0, 1, 0, 1, 2]


def test_the_clusters_keep_the_index_of_the_table():
    manifest = manifest_of(image=["a", "b", "c"], sha256=["1", "2", "1"])
    groups = near_duplicate_groups(Manifest(manifest.table.set_index(pd.Index([7, 3, 9])), manifest.root))
    assert groups[7] == groups[9] != groups[3]


def test_without_thumbnails_the_hash_decides():
    hashes = [0x0123456789ABCDEF, flip(0x0123456789ABCDEF, [0, 20, 40, 63]), flip(0x0123456789ABCDEF, [1, 2, 3, 4, 5])]
    assert clusters(manifest_of(image=["a", "b", "c"], perceptual_hash=[f"{h:016x}" for h in hashes])) == [
        {"a", "b"}, {"c"},
    ]  # fmt: skip


def test_altered_copies_of_photos_are_found_and_other_photos_are_not():
    images = {name: np.asarray(image) for name, image in photos().items()}
    for name, image in photos().items():
        images |= {f"{name}/{what}": np.asarray(change(image)) for what, change in COPIES.items()}
    manifest = seen(images)
    groups = near_duplicate_groups(manifest)
    names = manifest.table["image"].str.split("/").str[0]
    original = groups[manifest.table["image"] == names].set_axis(names.unique())
    copies = manifest.table["image"] != names
    assert (groups[copies] == names[copies].map(original)).mean() >= 0.95
    assert (names.groupby(groups).nunique() == 1).all()


def test_images_of_fashion_mnist_that_look_alike_are_no_copies():
    files = sorted(SAMPLE.rglob("*.png"))
    images = {str(path.relative_to(SAMPLE)): np.asarray(PIL.Image.open(path).convert("RGB")) for path in files}
    first = str(files[0].relative_to(SAMPLE))
    images["copy"] = np.minimum(images[first] * 0.9 + 3, 255).astype(np.uint8)
    assert [cluster for cluster in clusters(seen(images)) if len(cluster) > 1] == [{first, "copy"}]


def test_images_of_one_colour_are_not_taken_for_copies():
    plain = {str(level): np.full((40, 60, 3), level, np.uint8) for level in range(0, 250, 10)}
    assert len(clusters(seen(plain))) == 25


def test_many_different_images_with_one_hash_end_soon():
    random = np.random.default_rng(0)
    thumbnails = [random.integers(0, 256, (16, 16), np.uint8).tobytes().hex() for _ in range(5000)]
    manifest = manifest_of(
        image=[str(i) for i in range(5000)], perceptual_hash=["00000000000000ff"] * 5000, thumbnail=thumbnails,
        width=list(range(64, 5064)), height=[64] * 5000,
    )  # fmt: skip
    assert near_duplicate_groups(manifest).nunique() == 5000
