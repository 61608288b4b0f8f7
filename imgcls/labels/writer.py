"""The contract of a writer: a module, or an object, with `WRITER` and `write`.

Nothing heavy is imported here, so that the writers can be listed without pandas.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imgcls.labels.records import Problems, Records


@dataclass(frozen=True)
class Writer:
    """What a format that can be written is called.

    Attributes:
        name: What `--convert-to` and `write_labels` call it.
        title: What its users call it.
        order: Its place in lists; lower numbers come first.
        holds: Which labels its files hold and which they do not, in one or two sentences for whoever chooses it.
    """

    name: str
    title: str
    order: int = 1_000
    holds: str = ""


class LabelWriter(Protocol):
    """What writes a label format: a module of `imgcls/labels/writers`, or an object given to `register_writer`.

    One that cannot hold every label has a function `keeps` too, which gets the rows of records that have a label and
    returns a truth value for each: whether its files hold the label.
    """

    @property
    def WRITER(self) -> Writer:
        """What the format is called."""

    def write(self, records: "Records", folder: Path, copy_images: bool) -> "Problems":
        """Write the files of a data set.

        Args:
            records: What is written.
            folder: Exists and is empty.
            copy_images: Whether the images are copied to it. A format in which their place is the label always does.

        Returns:
            What the format cannot hold.

        Raises:
            ValueError: In one sentence, if these records cannot be written.
        """
