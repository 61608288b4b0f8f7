"""The label formats that can be written, one file a format."""

from imgcls.labels.catalogue import Catalogue
from imgcls.labels.writer import LabelWriter, Writer

_CATALOGUE: Catalogue[Writer, LabelWriter] = Catalogue(__name__, "WRITER", Writer, ("write",))
WRITERS = _CATALOGUE.rows  # by name

__all__ = ["WRITERS", "find_writer", "register_writer"]


def find_writer(name: str) -> LabelWriter:
    """The writer of the format called `name`.

    Raises:
        ValueError: There is no such writer; the message has the nearest name.
    """
    return _CATALOGUE.find(name)


def register_writer(label_writer: LabelWriter) -> LabelWriter:
    """Add a writer of your own.

    Args:
        label_writer: A module or an object with `WRITER` and `write`, as `LabelWriter` describes them.

    Returns:
        The same.

    Raises:
        TypeError: One of the two is missing.
        ValueError: A writer of this name exists.
    """
    return _CATALOGUE.register(label_writer)
