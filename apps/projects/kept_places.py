"""Test images of a run that somebody chose, such as with a lasso, under a short name that addresses can hold.

runs/<name>/looked_into/<model>/chosen/<name>.json   their places among the test images
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from imgcls.files import read_json, write_json
from projects.judged_run import JudgedRun


def keep_places(judged: JudgedRun, places: Iterable[int]) -> str:
    """Keep these places, and give the name to find them by; the same places have the same name."""
    found = sorted({int(place) for place in places})
    name = hashlib.sha1(str(found).encode()).hexdigest()[:12]
    file = _file(judged, name)
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, {"places": found})
    return name


def kept_places(judged: JudgedRun, name: str) -> np.ndarray:
    """The places of this name, in their order; none if the run has nothing of this name."""
    found = read_json(_file(judged, name)) if re.fullmatch(r"[0-9a-f]{12}", name) else {}
    return np.array(found.get("places", []), int)


def _file(judged: JudgedRun, name: str) -> Path:
    return judged.findings / "chosen" / f"{name}.json"
