"""The table of export formats: every module of this folder is one, and `register_format` adds those of the user.

A module is called by the name of its format and holds it as `FORMAT`. It is imported when it is asked for.
"""

import difflib
import importlib
import pkgutil
import re

from imgcls.serving.export_format import ExportFormat, check_package

SAVED_MODEL = "saved_model"  # the one that every bundle holds
_REGISTERED: dict[str, ExportFormat] = {}


def list_formats() -> list[str]:
    """The names of all formats, in alphabetical order.

    Example:
        >>> {"openvino", "saved_model"} <= set(list_formats())
        True
    """
    return sorted({module.name for module in pkgutil.iter_modules(__path__)} | set(_REGISTERED))


def find_format(name: str) -> ExportFormat:
    """Find a format by its name.

    Args:
        name: One of `list_formats()`.

    Raises:
        ValueError: If there is no such format, or if the package that it needs is not installed.
    """
    if name not in list_formats():
        close = difflib.get_close_matches(name, list_formats(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown export format {name!r}.{hint} There are: {', '.join(list_formats())}.")
    found = _REGISTERED.get(name) or importlib.import_module(f"{__name__}.{name}").FORMAT
    check_package(found)
    return found


def register_format(form: ExportFormat) -> ExportFormat:
    """Add a format to the table, in place of one that was registered under the same name.

    Args:
        form: An object with the members of `ExportFormat`.

    Returns:
        The same object.

    Raises:
        ValueError: If its name cannot be the name of a folder, or is that of a format of this package.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", form.name) or form.name in ("variables", "assets"):
        raise ValueError(f"The name of the format is {form.name!r}; expected lower case letters, digits and '_'.")
    if form.name in {module.name for module in pkgutil.iter_modules(__path__)}:
        raise ValueError(f"The format {form.name!r} is a part of imgcls; give yours another name.")
    _REGISTERED[form.name] = form
    return form
