"""Where derived files lie that can be made again."""

import hashlib
import os
import re
from pathlib import Path


def cache_home() -> Path:
    """The folder of all that can be made again: <home>/.cache/imgcls, or what IMGCLS_CACHE names; it is not made."""
    named = os.environ.get("IMGCLS_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "imgcls")


def cache_folder(kind: str, source: str) -> Path:
    """A folder for what is derived from `source`, such as <home>/.cache/imgcls/<kind>/<name>-<hash>; it is not made."""
    return cache_home() / kind / source_name(source)


def source_name(source: str, digits: int = 12) -> str:
    """<name>-<hash> of what is named by `source`: as part of a file's name, no other source has it."""
    name = re.sub(r"[^\w.-]+", "_", Path(source).stem)[:64]
    return f"{name}-{hashlib.sha256(os.fsencode(source)).hexdigest()[:digits]}"
