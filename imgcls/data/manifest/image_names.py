"""Which image of a manifest a table means, that was written by hand or on another machine."""

from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from imgcls.nearest_name import nearest_name

MOST_COMPARED = 10_000  # names that are looked through for the nearest


class ImageNames:
    """Finds images by what a person calls them.

    images: their paths below `root`, with forward slashes.
    """

    def __init__(self, images: Iterable[str], root: Path) -> None:
        self.root = root
        self._images = set(images)
        self._by_name: dict[str, list[str]] = {}
        for image in self._images:
            self._by_name.setdefault(PureWindowsPath(image).name, []).append(image)

    def find(self, stated: str) -> str:
        """The image with this path, absolute or below the root, or else the only one with its bare name; or empty."""
        path = Path(stated)
        below = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else stated
        for name in (stated, below, stated.replace("\\", "/")):
            if name in self._images:
                return name
        same = self._by_name.get(PureWindowsPath(stated).name, [])
        return same[0] if len(same) == 1 else ""

    def unknown(self, stated: str) -> str:
        """What to say of one that `find` does not find, in one clause."""
        same = self._by_name.get(PureWindowsPath(stated).name, [])
        if len(same) > 1:
            return f"{stated!r} could be any of {len(same)} images, such as {' and '.join(sorted(same)[:2])}"
        nearest = nearest_name(stated, sorted(self._images)[:MOST_COMPARED])
        return f"there is no image {stated!r}" + (f", did you mean {nearest!r}?" if nearest else "")
