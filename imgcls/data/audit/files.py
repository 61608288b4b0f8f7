"""Findings about single files."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from imgcls.data.audit.findings import KINDS, Finding
from imgcls.data.images.encoded import is_in_shard
from imgcls.data.images.image_header import TRAITS, ZEROS
from imgcls.data.manifest.table import OF_PEOPLE, Manifest
from imgcls.image_files import MOST_PIXELS

EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WebP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "HEIF": (".heic", ".heif", ".hif"),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k", ".jpf", ".jpx"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
SMALLEST_SIDE = 16  # pixels
MOST_ELONGATED = 1 / 0.35  # longer side by shorter side; the limit of cleanvision 0.3


def file_findings(manifest: Manifest) -> Iterator[Finding]:
    """Of each file once, though it has several examples; none of what waits for a label or was left out by a person."""
    files = manifest.table[~manifest.table["problems"].isin(OF_PEOPLE)].drop_duplicates("image")
    for row in files[_is_reported(files)].itertuples():
        for kind, why in _problem_of(row) if row.problems else _remarks_on(row):
            yield Finding(kind, (row.image,), why, (row.Index,))


def _is_reported(files: pd.DataFrame) -> pd.Series:
    """Which rows there can be a finding about; most have none, and are not looked at one by one."""
    sides = files[["width", "height"]]
    shape = (sides.min(axis=1) < SMALLEST_SIDE) | (sides.max(axis=1) > MOST_ELONGATED * sides.min(axis=1))
    extensions = files["image"].str.rpartition(".")[2].str.lower()
    usual = pd.Series(False, files.index)
    for format, known in EXTENSIONS.items():
        usual |= (files["format"] == format) & extensions.isin([name[1:] for name in known])
    plain = usual & (files["traits"] == "") & (files["perceptual_hash"] != "") & (files["problems"] == "")
    return shape | ~plain


def _problem_of(row: Any) -> Iterator[tuple[str, str]]:
    too_large = f"limit of {MOST_PIXELS:,} pixels" in row.problems
    yield ("too large" if too_large else "unusable"), row.problems


def _remarks_on(row: Any) -> Iterator[tuple[str, str]]:
    size = f"{row.width:,} x {row.height:,} pixels"
    extension = PurePosixPath(row.image).suffix
    if row.format in EXTENSIONS and not is_in_shard(row.image) and extension.lower() not in EXTENSIONS[row.format]:
        yield "wrong extension", f"a {row.format} file whose name ends in {extension or 'no extension'}"
    if min(row.width, row.height) < SMALLEST_SIDE:
        yield "tiny", f"{size}; expected at least {SMALLEST_SIDE} on each side"
    if max(row.width, row.height) > MOST_ELONGATED * min(row.width, row.height):
        yield "extreme aspect", f"{size}, more than {MOST_ELONGATED:.2g} to 1"
    if row.sha256 and not row.perceptual_hash:
        yield "one colour", f"{size} that hardly differ"
    traits = row.traits.split(", ") if row.traits else []
    if ZEROS in traits:
        yield "damaged", "its compressed data has a long run of zero bytes, as files have that were not written whole"
    for trait in TRAITS:
        if trait in traits and trait in KINDS:
            yield trait, f"{size}, {row.format}"
