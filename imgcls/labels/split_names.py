"""The names that people give to splits, in folders and file names."""

import re
from pathlib import PurePosixPath

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def split_from_path(path: str) -> str:
    """The split that a file's name or the nearest of its folders states; empty if none does.

    Example:
        >>> split_from_path("annotations/instances_val2017.json"), split_from_path("photos/1.jpg")
        ('validation', '')
    """
    for part in reversed(PurePosixPath(path).parts):
        words = re.findall(r"[a-z]+", part.lower())
        named = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
        if len(named) == 1:
            return named.pop()
    return ""
