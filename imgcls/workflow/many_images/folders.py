"""The files of folders and globs, a part at a time: a folder may hold millions."""

import glob
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from imgcls.image_files import shown_name
from imgcls.serving.read_ahead import in_chunks

log = logging.getLogger(__name__)
SORTED_AT_ONCE = 50_000  # names; a folder of more is in order within so many


def files_below(folder: Path) -> Iterator[Path]:
    """The files in a folder and in the folders below it, sorted; those whose name begins with a dot are left out.

    A folder that cannot be read is named by a warning.
    """
    try:
        opened = os.scandir(folder)
    except OSError as error:
        log.warning("The folder %s is left out: %s", shown_name(folder), (error.strerror or str(error)).lower())
        return
    with opened as entries:
        for chunk in in_chunks(entries, SORTED_AT_ONCE):
            for entry in sorted(chunk, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    yield from files_below(folder / entry.name)
                elif entry.is_file() and not entry.name.startswith("."):
                    yield folder / entry.name


def files_of(pattern: str) -> Iterator[Path]:
    """The files that a glob stands for, sorted."""
    found = (name for name in glob.iglob(pattern, recursive=True) if os.path.isfile(name))
    for chunk in in_chunks(found, SORTED_AT_ONCE):
        yield from map(Path, sorted(chunk))


def is_empty(files: Iterable[Path]) -> bool:
    """Whether there is none; looks at the first alone."""
    return next(iter(files), None) is None
