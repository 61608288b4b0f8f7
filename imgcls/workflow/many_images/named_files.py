"""The file that a name in a table stands for; our own tables name images in archives, and escape what is not UTF-8."""

import os
import re
from pathlib import Path

from imgcls.workflow.many_images.archives import is_archive

ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")  # as `shown_name` shows a byte that is not UTF-8


def named_file(path: Path) -> Path | None:
    """The path as the disk has it, if it is that of a file or of something in an archive; else None.

    Args:
        path: As the disk has it, or as `shown_name` shows it.
    """
    return next((each for each in (path, _unescaped(path)) if _is_file(each) or archive_of(each)), None)


def archive_of(path: Path) -> Path | None:
    """The archive that a path leads into, as a.tar/b.png leads into a.tar; None for every other path."""
    return next((each for each in path.parents if is_archive(each) and _is_file(each)), None)


def _unescaped(path: Path) -> Path:
    return Path(os.fsdecode(ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), os.fsencode(path))))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no name that a file can have
        return False
