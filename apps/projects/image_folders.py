"""The images of a table must lie where the app may read: a table that was uploaded may name any file of the machine."""

import os
import posixpath
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from imgcls.data.cache import cache_home
from imgcls.data.manifest.table import Manifest


def check_images(manifest: Manifest, folders: Collection[str | Path]) -> None:
    """Check where the images of a manifest lie.

    Args:
        manifest: The images.
        folders: Those that the app may read, all of them absolute.

    Raises:
        ValueError: An image lies outside of them, with its symlinks resolved, or a checksum is none.
    """
    if not manifest.table["sha256"].str.fullmatch("([0-9a-f]{64})?").all():  # they name transcoded images' files
        raise ValueError("The table of images has checksums that are none. Read its images again.")
    unpacked = cache_home()  # the images of files that hold several
    allowed = [Path(folder).resolve() for folder in (*folders, unpacked)]
    for place in places_of(manifest):
        if not any(place.resolve().is_relative_to(each) for each in allowed):
            raise ValueError(f"Images lie in {place}, outside of what this app may read. Copy them below its folder.")


def places_of(manifest: Manifest) -> list[Path]:
    """The folders of a manifest's images, and those of its images that are symlinks, which may lead anywhere."""
    names = defaultdict(set)
    for image in manifest.table["image"].unique():
        folder, name = posixpath.split(image)
        names[manifest.root / folder].add(name)
    found = list(names)
    for folder in names:
        with suppress(OSError), os.scandir(folder) as files:  # it may be gone, or an archive
            found += [Path(file.path) for file in files if file.is_symlink() and file.name in names[folder]]
    return sorted(found)
