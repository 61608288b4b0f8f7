"""The contract of a label format: a module, or an object, with `FORMAT`, `detect` and `read`.

Nothing heavy is imported here, so that the formats can be listed without pandas.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imgcls.labels.image_index import ImageIndex
    from imgcls.labels.records import Records


@dataclass(frozen=True)
class Format:
    """What a label format is called, and what is special about it.

    Attributes:
        name: What `--format` and `read_labels` call it; also the name of its file in `imgcls/labels/formats`.
        title: What its users call it. Up to a comma, colon or bracket it stands in README and in the command's help.
        help: One sentence about what its files hold.
        suffixes: Endings of its annotation files, in small letters with the dot.
        file_names: Regular expression for the names of its files that have no suffix of their own.
        options: Names of the arguments that its `read` takes beside the source and the images.
        packed: Whether it holds pixels, or may; they are written as image files before they can be used.
        last_resort: Whether it is looked for only where no other format fits.
        order: Its place in lists, in detection and in messages; lower numbers come first.
    """

    name: str
    title: str
    help: str = ""
    suffixes: tuple[str, ...] = ()
    file_names: str = ""
    options: tuple[str, ...] = ()
    packed: bool = False
    last_resort: bool = False
    order: int = 1_000


class LabelFormat(Protocol):
    """What reads a label format: a module of `imgcls/labels/formats`, or an object given to `register_format`."""

    @property
    def FORMAT(self) -> Format:
        """What the format is called."""

    def detect(self, source: Path) -> bool:
        """Whether a file or folder is of this format. Reads a few files at most, and raises nothing."""

    def read(self, source: Path, image_index: "ImageIndex | None" = None) -> "Records":
        """Read a file, or all of a folder. Further arguments have defaults and are named in `FORMAT.options`.

        Args:
            source: What `detect` said yes to, or what the user named.
            image_index: The images of the files; None for those in the source's folder.

        Raises:
            ValueError: In one sentence, if nothing can be read.
        """
