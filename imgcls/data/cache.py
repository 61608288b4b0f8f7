"""The folder of derived files, which can be made again at any time."""

import hashlib
import os
import re
from pathlib import Path


def cache_home() -> Path:
    """The folder of all derived files: <home>/.cache/imgcls, or what IMGCLS_CACHE names. It is not created."""
    named = os.environ.get("IMGCLS_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "imgcls")


def cache_folder(kind: str, source: str) -> Path:
    """The folder of what is derived from a source: <home>/.cache/imgcls/<kind>/<name>-<hash>. It is not created."""
    return cache_home() / kind / source_name(source)


def source_name(source: str, digits: int = 12) -> str:
    """A name for a source that no other source has: <name>-<hash>.

    Args:
        source: A path or another name.
        digits: The number of hexadecimal digits of the hash.

    Example:
        >>> source_name("photos/cats", 6)
        'cats-734f91'
    """
    name = re.sub(r"[^\w.-]+", "_", Path(source).stem)[:64]
    return f"{name}-{hashlib.sha256(os.fsencode(source)).hexdigest()[:digits]}"
