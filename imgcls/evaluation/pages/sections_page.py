"""A page of a verdict and sections below it, one HTML file with everything inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgcls.evaluation.pages.page import write_page
from imgcls.evaluation.pages.section import Section


@dataclass(frozen=True)
class ShownImage:
    """An image in a section.

    Attributes:
        address: As `imgcls.evaluation.pages.thumbnails.thumbnail` gives it; empty where there is none.
        title: Below it, first line.
        lines: Further lines.
        width: In pixels; 0 for that of a thumbnail.
    """

    address: str
    title: str
    lines: tuple[str, ...] = ()
    width: int = 0


@dataclass(frozen=True)
class SectionsPage:
    """A page.

    Attributes:
        title: Its heading.
        subtitle: What was looked at.
        verdict: What was found, in words.
        sections: The parts.
        images: Those of a section, by its name.
    """

    title: str
    subtitle: str
    verdict: str
    sections: Sequence[Section]
    images: Mapping[str, Sequence[ShownImage]]

    def write(self, path: Path) -> None:
        """Write the page, whole or not at all.

        Raises:
            OSError: The file cannot be written.
        """
        values = {name: getattr(self, name) for name in ("title", "subtitle", "verdict", "sections", "images")}
        write_page(path, "pages/sections.html", values)
