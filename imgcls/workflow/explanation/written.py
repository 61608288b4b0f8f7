"""What an explanation is written as: PNG files, arrays, a table, contact sheets, and a page that holds all of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.evaluation.pages.section import Section
from imgcls.evaluation.pages.sections_page import SectionsPage, ShownImage
from imgcls.evaluation.pages.thumbnails import image_address
from imgcls.explain.drawing.contact_sheet import contact_sheet
from imgcls.explain.drawing.picture import Picture
from imgcls.files import replacing

PAGE = "explanation.html"
ON_PAGE = 280  # pixels, of a picture in the page
MOST_ON_PAGE = 600  # pictures; more make a page of over 30 MB
ROWS = 12  # of a contact sheet


@dataclass
class Written:
    """A folder that is being filled.

    Args:
        folder: It is made if it is not there. Files of the same name are replaced.
        title: Of the page: whose network it is.

    Attributes:
        files: What was written, in order.
        sections: Of the page.
        images: Of each section, by its name.
    """

    folder: Path
    title: str
    files: list[Path] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    images: dict[str, list[ShownImage]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def picture(self, name: str, picture: Picture) -> Path:
        """Write a picture as a PNG file."""
        path = self.folder / f"{file_name(name)}.png"
        picture.save(path)
        return self._noted(path)

    def arrays(self, name: str, arrays: Mapping[str, Any]) -> Path:
        """Write arrays as an .npz file, whole or not at all."""
        path = self.folder / f"{file_name(name)}.npz"
        with replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **dict(arrays))
        return self._noted(path)

    def table(self, name: str, table: pd.DataFrame) -> Path:
        """Write a table as CSV, whole or not at all."""
        path = self.folder / f"{file_name(name)}.csv"
        with replacing(path) as partial:
            table.to_csv(partial, index=False, float_format="%.6g")
        return self._noted(path)

    def contact_sheets(self, name: str, rows: Sequence[Sequence[Picture]], title: str) -> list[Path]:
        """Write rows of pictures side by side, as many files as they need."""
        parts = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
        paths = []
        for number, part in enumerate(parts, start=1):
            path = self.folder / (f"{file_name(name)}.png" if len(parts) == 1 else f"{file_name(name)}-{number}.png")
            with replacing(path) as partial:
                contact_sheet(part, title).save(partial, "PNG")
            paths.append(self._noted(path))
        return paths

    def section(self, section: Section, pictures: Sequence[Picture] = (), width: int = ON_PAGE) -> None:
        """Add a section to the page, with pictures while there is room for more."""
        self.sections.append(section)
        room = max(0, MOST_ON_PAGE - sum(map(len, self.images.values())))
        self.images[section.name] = [on_page(picture, width) for picture in pictures[:room]]

    def page(self, subtitle: str, verdict: str) -> Path:
        """Write the page."""
        path = self.folder / PAGE
        SectionsPage(self.title, subtitle, verdict, self.sections, self.images).write(path)
        return self._noted(path)

    def _noted(self, path: Path) -> Path:
        self.files.append(path)
        return path


def on_page(picture: Picture, width: int = ON_PAGE) -> ShownImage:
    """A picture as the page shows it: its title and lines are text there."""
    bare = Picture(picture.image, "", (), picture.legend).drawn()
    return ShownImage(image_address(np.asarray(bare), max(bare.size)), picture.title, picture.lines, width)


def file_name(name: str) -> str:
    """A name that every file system takes: what is no letter, digit, dot, hyphen or underscore becomes a hyphen.

    Example:
        >>> file_name("my photo (1).jpg")
        'my-photo-1-.jpg'
    """
    return re.sub(r"[^\w.-]+", "-", name).strip("-")[:120] or "image"
