"""The label formats that can be read, one file a format. `docs/extend/label_format.md` shows how to add one."""

from imgcls.labels.catalogue import Catalogue
from imgcls.labels.format import Format, LabelFormat

_CATALOGUE: Catalogue[Format, LabelFormat] = Catalogue(__name__, "FORMAT", Format, ("detect", "read"))
FORMATS = _CATALOGUE.rows  # by name, in the order in which they are looked for

__all__ = ["FORMATS", "find_format", "register_format"]


def find_format(name: str) -> LabelFormat:
    """The reader of the format called `name`.

    Raises:
        ValueError: There is no such format; the message has the nearest name.
    """
    return _CATALOGUE.find(name)


def register_format(label_format: LabelFormat) -> LabelFormat:
    """Add a format of your own. From then on it is found by its content, and named, as the others are.

    Args:
        label_format: A module or an object with `FORMAT`, `detect` and `read`, as `LabelFormat` describes them.

    Returns:
        The same.

    Raises:
        TypeError: One of the three is missing.
        ValueError: A format of this name exists.
    """
    return _CATALOGUE.register(label_format)
