"""What is in the files of images."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgcls.data.manifest.table import Manifest


def inspected(manifest: "Manifest") -> "Manifest":
    """The same images, each opened once: sizes, checksums, and a problem where a file cannot be used."""
    from imgcls.data.inspection.inspect import inspect

    return inspect(manifest)
