"""A new folder that is named after this moment, as those of jobs, imports and answers are."""

from datetime import datetime
from pathlib import Path


def dated_folder(parent: Path, kind: str = "") -> Path:
    """Make a folder; whoever asks in the same second gets another one.

    Args:
        parent: The folder in which it is made.
        kind: Stands in its name behind the time; may be empty.
    """
    stem, number = f"{datetime.now():%Y%m%d-%H%M%S}-{kind}".rstrip("-"), 1
    while True:
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder
