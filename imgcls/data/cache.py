"""Where derived files lie that can be made again."""

import hashlib
import os
import re
from pathlib import Path


def cache_folder(kind: str, source: str) -> Path:
    """A folder for what is derived from `source`, such as <home>/.cache/imgcls/<kind>/<name>-<hash>; it is not made.

    The environment variable IMGCLS_CACHE names another place than <home>/.cache/imgcls.
    """
    home = os.environ.get("IMGCLS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "imgcls")
    name = re.sub(r"[^\w.-]+", "_", Path(source).stem)
    return Path(home, kind, f"{name}-{hashlib.sha256(source.encode()).hexdigest()[:12]}")
