"""Find the image of a manifest that a table means which was written by hand or on another machine."""

from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from imgcls.nearest_name import nearest_name

MOST_COMPARED = 10_000  # names that are looked through for the nearest


class ImageNames:
    """Finds images by what a person calls them.

    Args:
        images: The paths of the images below `root`, with forward slashes.
        root: The folder that the paths start from.

    Example:
        >>> names = ImageNames(["cats/1.png", "dogs/2.png"], Path("/photos"))
        >>> names.find("2.png"), names.find("/photos/cats/1.png")
        ('dogs/2.png', 'cats/1.png')
    """

    def __init__(self, images: Iterable[str], root: Path) -> None:
        self.root = root
        self._images = set(images)
        self._by_name: dict[str, list[str]] = {}
        for image in self._images:
            self._by_name.setdefault(PureWindowsPath(image).name, []).append(image)

    def find(self, stated: str) -> str:
        """Find an image.

        Args:
            stated: Its path, absolute or below the root, or its bare name.

        Returns:
            The image's path below the root; empty if there is none, or if several have this name.
        """
        path = Path(stated)
        below = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else stated
        for name in (stated, below, stated.replace("\\", "/")):
            if name in self._images:
                return name
        same = self._by_name.get(PureWindowsPath(stated).name, [])
        return same[0] if len(same) == 1 else ""

    def unknown(self, stated: str) -> str:
        """Why `find` does not find an image, in one clause."""
        same = self._by_name.get(PureWindowsPath(stated).name, [])
        if len(same) > 1:
            return f"{stated!r} could be any of {len(same)} images, such as {' and '.join(sorted(same)[:2])}"
        nearest = nearest_name(stated, sorted(self._images)[:MOST_COMPARED])
        return f"there is no image {stated!r}" + (f", did you mean {nearest!r}?" if nearest else "")
