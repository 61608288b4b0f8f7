"""The copy of a user's network that a run keeps, so that it does not depend on what becomes of the original."""

import filecmp
from pathlib import Path

from imgcls.models.registry import KERAS_FILE

KEPT_FILES = {".py": "network.py", KERAS_FILE: "network.keras"}  # what a run calls its copy, by the original's ending
PRESET, KEPT_PRESET = "keras_hub:", "network_preset"  # a folder


def original(named: str) -> Path | None:
    """The file or folder that holds the network a user named; None where a name says it all."""
    if Path(named).suffix in KEPT_FILES:
        return Path(named)
    folder = Path(named.removeprefix(PRESET))
    return folder if named.startswith(PRESET) and folder.is_dir() else None


def kept(run: Path) -> str:
    """How the network is named that a run keeps; empty where it keeps none."""
    if (run / KEPT_PRESET).is_dir():
        return f"{PRESET}{run / KEPT_PRESET}"
    return next((str(run / name) for name in KEPT_FILES.values() if (run / name).is_file()), "")


def is_changed(named: str, copy: str) -> bool:
    """Whether the original is there and is another network than the copy, both as a user names them."""
    source, other = original(named), original(copy)
    if source is None or other is None or not source.exists():
        return False
    if source.is_dir():
        names = [str(path.relative_to(other)) for path in other.rglob("*") if path.is_file()]
        return filecmp.cmpfiles(source, other, names, shallow=False)[0] != names
    return not filecmp.cmp(source, other, shallow=False)
