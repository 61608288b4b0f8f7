"""Copies of images, or links to them, in a folder for each class. Nothing is ever overwritten."""

import filecmp
import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from imgcls.data.images.encoded import is_in_shard
from imgcls.image_files import HEAD, Refused, suffix_of
from imgcls.serving.named_image import NamedImage
from imgcls.serving.predictions import Predictions
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE
from imgcls.workflow.many_images.seen_names import number_of

PROBLEMS, NO_LABEL = "_problems", "_no label"
OTHERS = {NOT_SURE: "_not sure", NONE_OF_THESE: "_none of these"}
FORBIDDEN = re.compile(r'[/\\\0-\x1f:*?"<>|]')  # in a name of a file, on one system or another
LONGEST = 200  # bytes of a name; disks take 255, and a number, a suffix or a word may be added


class SortedCopies:
    """A folder with one folder for each class, and further ones for "not sure", "none of these" and problems.

    Args:
        folder: Is made.
        class_names: The names of the classes.
        link: Whether files get symbolic links, not copies; what comes from an archive or an address is a file anyway.

    Attributes:
        new: Files and links that were made.
        equal: Those that were not, because a file of the same name and content is there, from this start or another.
    """

    def __init__(self, folder: Path, class_names: Sequence[str], link: bool = False) -> None:
        self.folder, self._link = folder, link
        self.new, self.equal = 0, 0
        self._folders = {**folder_names(class_names), **OTHERS}

    def put(self, images: Sequence[NamedImage], predictions: Predictions) -> None:
        """Put images where their predictions say, unless an equal one of the same name is there.

        Raises:
            OSError: A copy cannot be written.
        """
        for image, places in zip(images, places_of(predictions), strict=True):
            for place in places:
                self._put(image, self.folder / self._folders.get(place, place))

    def _put(self, image: NamedImage, folder: Path) -> None:
        whole_file = isinstance(image.image, Path) and not is_in_shard(image.image)
        try:
            content = b"" if whole_file else image.read()
        except (Refused, OSError):  # there is nothing to copy
            return
        if whole_file and not Path(str(image.image)).is_file():
            return
        folder.mkdir(parents=True, exist_ok=True)
        name = _file_name(image.name, content)
        other = f"{Path(name).stem}-{number_of(image.name):016x}{Path(name).suffix}"  # where the name is another's
        source = None if content else Path(str(image.image)).absolute()
        for target in (folder / name, folder / other):
            if not os.path.lexists(target) and self._is_placed(image, source, content, target):
                self.new += 1
                return
            if _is_same(source, content, target):
                self.equal += 1
                return

    def _is_placed(self, image: NamedImage, source: Path | None, content: bytes, target: Path) -> bool:
        """Put a file there; returns False where another process was faster."""
        if self._link and source is not None:
            os.symlink(source, target)
            return True
        partial = target.with_name(f".partial-{os.getpid()}-{number_of(image.name):016x}")
        try:
            partial.write_bytes(content or Path(str(source)).read_bytes())
            os.link(partial, target)  # unlike a renaming, it fails where another process was faster
        except FileExistsError:
            return False
        except OSError:  # a disk without hard links
            if os.path.lexists(target):
                return False
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return True


def places_of(predictions: Predictions) -> list[list[str]]:
    """Where each image belongs: the name of its class, of each of them, or of another answer."""
    if predictions.multi_label:
        named = [labels or [NO_LABEL] for labels in predictions.labels()]
    else:
        likeliest = np.nan_to_num(predictions.probabilities).argmax(1)
        named = [
            [decision or predictions.class_names[place]]
            for decision, place in zip(predictions.decisions, likeliest, strict=True)
        ]
    return [[PROBLEMS] if problem else names for names, problem in zip(named, predictions.problems, strict=True)]


def folder_names(class_names: Sequence[str]) -> dict[str, str]:
    """A name of a folder for each class, all different, none of them one of the further folders.

    Example:
        >>> folder_names(["cat", "a/b", "a:b", "_problems"])
        {'cat': 'cat', 'a/b': 'a_b', 'a:b': 'a_b-2', '_problems': 'class _problems'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in class_names:
        plain = _cut(FORBIDDEN.sub("_", name), slice(LONGEST)).strip() or "class"
        plain = f"class {plain}" if plain.startswith(("_", ".")) else plain
        number, unique = 1, plain
        while unique.lower() in taken:
            number += 1
            unique = f"{plain}-{number}"
        taken.add(unique.lower())
        names[name] = unique
    return names


def _file_name(name: str, content: bytes) -> str:
    """A name for a copy: the last part of the image's own."""
    path = urlsplit(name).path if "://" in name else name
    last = FORBIDDEN.sub("_", path.rstrip("/").rpartition("/")[2])
    plain = _cut(last, slice(-LONGEST, None)).lstrip(".") or "image"
    return plain if Path(plain).suffix else f"{plain}{suffix_of(content[:HEAD])}"


def _cut(name: str, part: slice) -> str:
    """The name, or this part of its bytes where it is too long, in whole characters."""
    content = name.encode("utf-8", "surrogatepass")
    return name if len(content) <= LONGEST else content[part].decode("utf-8", "ignore")


def _is_same(source: Path | None, content: bytes, target: Path) -> bool:
    if not target.is_file():
        return False
    if source is None:
        return target.stat().st_size == len(content) and target.read_bytes() == content
    return os.path.samefile(source, target) or filecmp.cmp(source, target, shallow=False)
