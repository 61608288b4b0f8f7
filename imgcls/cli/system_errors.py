"""What the system said about a path, as a sentence for the user: what, which path, and what to do."""

import errno
import os
import sys
from pathlib import Path

OF_THE_USER = {  # error number: what is the case, what to do. Another path would do
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter one (255 bytes at the most)."),
    errno.ENOENT: ("there is no such file or folder", "Check the spelling."),
    errno.EACCES: ("permission is denied", "Choose another place, or change who may read and write it."),
    errno.EPERM: ("the system does not permit it", "Choose another place, or change who may read and write it."),
    errno.EROFS: ("the disk is read-only", "Choose a place that can be written to."),
    errno.ENOTDIR: ("it is a file where a folder is needed", "Choose another place, or move the file away."),
    errno.EEXIST: ("something of that name is there already", "Choose another name, or move it away."),
    errno.EISDIR: ("it is a folder where a file is needed", "Name a file."),
    errno.ELOOP: ("its symbolic links lead in a circle", "Name the file itself."),
    errno.EINVAL: ("the system takes no such name", "Choose another one."),
}
OF_THE_MACHINE = {
    errno.ENOSPC: ("the disk is full", "Make room, or choose another disk."),
    errno.EDQUOT: ("your share of the disk is used up", "Make room, or choose another disk."),
    errno.EFBIG: ("the file would be larger than the system allows", "Choose another disk, or raise `ulimit -f`."),
    errno.EIO: ("the disk cannot be read or written", "Look at the disk's health, and choose another one."),
    errno.EMFILE: ("too many files are open", "Raise `ulimit -n`."),
    errno.ENFILE: ("too many files are open on this machine", "End what has them open."),
    errno.ESTALE: ("the network's disk has forgotten it", "Mount the disk again."),
    errno.ETXTBSY: ("another process has it open", "Wait for that one."),
}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def sentence(error: OSError) -> str:
    """What is wrong with the path that the error names; empty if it names one of this program's own files, or none and
    something else is wrong than that a disk is full.
    """
    what, advice = (OF_THE_USER | OF_THE_MACHINE).get(error.errno or 0, ("", ""))
    if error.errno in FULL and error.filename is None:  # of a file that was open already
        return f"{what[:1].upper()}{what[1:]}. {advice}"
    if not what or not isinstance(error.filename, str | bytes | os.PathLike):
        return ""
    path = Path(os.fsdecode(error.filename))
    if _is_our_own(path):
        return ""
    if error.errno in (errno.ENOTDIR, errno.EEXIST) and (file := _file_in_the_way(path)):
        path, (what, advice) = file, OF_THE_USER[errno.ENOTDIR]
    return f"{path} cannot be used: {what}. {advice}"


def is_of_the_user(error: OSError) -> bool:
    """Whether another path would do; otherwise the machine is at fault."""
    return error.errno in OF_THE_USER


def _is_our_own(path: Path) -> bool:
    """Whether it belongs to the installation, so that the user has not named it."""
    return any(path.is_relative_to(place) for place in (Path(__file__).parents[1], sys.prefix, sys.base_prefix))


def _file_in_the_way(path: Path) -> Path | None:
    try:
        return next((place for place in (path, *path.parents) if place.exists() and not place.is_dir()), None)
    except OSError:
        return None
