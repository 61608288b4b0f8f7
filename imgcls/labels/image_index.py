"""The images of annotation files: where they are, and which of them a stated path means."""

import os
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from imgcls.image_files import SUFFIXES, Refused, exif_orientation, opened, shown_name, why_not_opened

ANNOTATION_FOLDERS = {"annotations", "annotation", "labels", "ann"}  # beside, not above, the images
IMAGE_FOLDERS = {"images", "jpegimages", "img"}
DRAWINGS = re.compile(r"segmentation(class|object)\w*|\w*visuali[sz]ations?|masks?", re.IGNORECASE)  # folders of them
TURNED = range(5, 9)  # EXIF orientations that swap width and height
MISNAMED = "the file's name is not UTF-8, which no table of images can hold; rename it"


class ImageIndex:
    """The image files below a folder, and how a path that an annotation file states finds one of them.

    Attributes:
        root: The folder that the image paths start from.
        must_exist: Whether a stated image has to be there; without, its path only has to stay below the root.
        extract: A folder for the images of formats that carry them inside; None if there is none.

    Example:
        >>> ImageIndex("photos", must_exist=False).find("cats/1.jpg")
        ('cats/1.jpg', '')
    """

    def __init__(self, root: str | Path, must_exist: bool = True, extract: str | Path | None = None) -> None:
        self.root = Path(root)
        self.must_exist = must_exist
        self.extract = None if extract is None else Path(extract)

    @classmethod
    def of(cls, source: Path) -> "ImageIndex":
        """The images of a source for which no folder is named: in its folder, or beside it."""
        folder = source if source.is_dir() else source.parent
        beside = source.is_file() and folder.name.lower() in ANNOTATION_FOLDERS
        return cls(folder.parent if beside else folder)

    @cached_property
    def _files(self) -> list[str]:
        return list(_walk(str(self.root)))

    @cached_property
    def paths(self) -> list[str]:
        """Every image file, by its name's suffix; what UTF-8 cannot write is left out."""
        return sorted(path for path in self._files if path.lower().endswith(SUFFIXES) and _writable(path))

    @cached_property
    def misnamed(self) -> list[str]:
        """The files whose names are not UTF-8, as `shown_name` writes them."""
        return sorted(shown_name(path) for path in self._files if not _writable(path))

    @cached_property
    def _exact(self) -> set[str]:
        return set(self.paths)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for path in self.paths:
            found[_folded(posixpath.basename(path))].append(path)
        return found

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for path in self.paths:
            found[_folded(posixpath.splitext(posixpath.basename(path))[0])].append(path)
        return found

    def find(self, stated: str, beside: str = "") -> tuple[str, str]:
        """The image that an annotation file means by a path.

        Args:
            stated: The path as the file has it; it may come from another machine, or be an address.
            beside: The folder of the annotation file, relative to the root.

        Returns:
            The path relative to the root, empty if there is no such image; and what is to be reported, empty if nothing
            is.
        """
        if self.must_exist and "\\" in stated and stated in self.misnamed:
            return "", MISNAMED
        plain, complaint = self._inside(stated, beside)
        if complaint or not self.must_exist:
            return plain, complaint
        for path in (posixpath.normpath(posixpath.join(beside, plain)), plain):
            if path in self._exact:
                return path, ""
            if os.path.isfile(self.root / path):  # False, too, for a name that the system finds too long
                problem = why_not_opened(self.root / path)
                return ("", f"{path!r} is {problem}") if problem else (path, "")
        name = _folded(posixpath.basename(plain))
        by_stem = [path for path in self._by_stem.get(name, []) if not in_another_folder(plain, path)]
        for same in (self._by_name.get(name, []), by_stem):
            candidates = _ending_like(same, plain)
            if len(candidates) == 1:
                return candidates[0], _difference(plain, candidates[0])
            if candidates:
                shown = ", ".join(candidates[:3])
                return "", f"the image {stated!r} could be any of {len(candidates)} files, such as {shown}"
        return "", f"there is no image {stated!r} below {self.root.name or self.root}"

    def _inside(self, stated: str, beside: str) -> tuple[str, str]:
        """A stated path without drive, address or way up; and a complaint if it leaves the root."""
        if self.must_exist and stated in self._exact:
            return stated, ""
        if "\0" in stated or not _writable(stated):
            return "", f"the image's name {stated!r} has characters that no file name has"
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://|data:", stated):
            return self._address(stated)
        plain = re.sub(r"^[a-zA-Z]:", "", stated.replace("\\", "/"))  # Windows
        if plain.startswith("/"):  # of the machine on which it was annotated
            root = f"{self.root.resolve().as_posix()}/"
            plain = posixpath.normpath(plain).removeprefix(root).lstrip("/")
        plain = posixpath.normpath(plain) if plain.strip() else ""
        if plain in ("", "."):
            return "", "no image is named"
        if _leads_up(plain):
            plain = posixpath.normpath(posixpath.join(beside, plain))
            if _leads_up(plain):
                return "", f"the path {stated!r} leaves the folder {self.root.name or self.root}"
        return plain, ""

    def _address(self, stated: str) -> tuple[str, str]:
        """An image that lies in the net is the file of the same name, if there is one."""
        if not self.must_exist and not stated.startswith("data:"):
            return stated, ""
        try:
            name = posixpath.basename(unquote(urlsplit(stated).path))
        except ValueError:
            name = ""
        if self.must_exist and _folded(name) in self._by_name:
            return name, ""
        shown = stated if len(stated) < 200 else f"{stated[:200]}…"
        return "", f"the image {shown!r} is an address, and no file of that name is here"


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of an image as it is shown, from its header.

    Raises:
        ValueError: The file is no image, or cannot be read.
    """
    try:
        with opened(path) as image:
            width, height = image.size
            return (height, width) if exif_orientation(image) in TURNED else (width, height)
    except (OSError, Refused) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        yield from (prefix + name for name in names if not name.startswith("."))


def _leads_up(path: str) -> bool:
    return path == ".." or path.startswith("../")


def _writable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _distinguishing(path: str) -> list[str]:
    """The folders of a path that distinguish images, from the nearest on; `labels` and `images` go side by side."""
    folders = _folded(posixpath.dirname(path)).split("/")
    return [name for name in reversed(folders) if name not in ("", *ANNOTATION_FOLDERS, *IMAGE_FOLDERS)]


def _ending_like(candidates: list[str], plain: str) -> list[str]:
    """Of several files with one name, those that share the most folders with the stated path, counted from the end."""
    if len(candidates) < 2:
        return candidates
    shared = [len(posixpath.commonprefix([_distinguishing(plain), _distinguishing(path)])) for path in candidates]
    best = [path for path, same in zip(candidates, shared, strict=True) if same == max(shared)]
    best = [path for path in best if posixpath.basename(path) == posixpath.basename(plain)] or best
    among_images = [path for path in best if _folded(posixpath.dirname(path)).split("/")[-1] in IMAGE_FOLDERS]
    return among_images if len(among_images) == 1 else best


def in_another_folder(stated: str, path: str) -> bool:
    """Whether a file cannot be the stated one, because the folders above both have different names."""
    folders = zip(_distinguishing(stated.replace("\\", "/")), _distinguishing(path), strict=False)
    return any(a != b for a, b in folders)


def is_drawing(path: str) -> bool:
    """Whether an image lies where tools put masks and drawings of other images, such as `SegmentationClass`."""
    return any(DRAWINGS.fullmatch(folder) for folder in posixpath.dirname(path).split("/"))


def _difference(plain: str, path: str) -> str:
    """What is to be reported when an image is not just where it is stated to be, such as above or below that folder."""
    same_folders = not in_another_folder(plain, path)
    names = [unicodedata.normalize("NFC", posixpath.basename(name)) for name in (plain, path)]
    if same_folders and names[0] == names[1]:
        return ""
    if same_folders:
        plain, path = posixpath.basename(plain), posixpath.basename(path)
    return f"the image is stated as {plain!r}; the file is {path!r}"
