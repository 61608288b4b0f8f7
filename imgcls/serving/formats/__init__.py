"""The table of export formats: every module of this folder is one, and `register_format` adds those of the user.

A module is called by the name of its format and holds it as `FORMAT`. It is imported when it is asked for.
"""

import difflib
import importlib
import pkgutil
import re
from pathlib import Path

from imgcls.serving.export_format import FLOAT32, ExportFormat, check_package

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
        name: One of `list_formats()`, and behind it "-" and a precision where that is not float32: "openvino-int8".

    Raises:
        ValueError: If there is no such format, if it lacks the precision, or if the package that it needs is not
            installed.
    """
    base, precision = split_name(name)
    found = _found(base)
    if precision != FLOAT32:
        if precision not in precisions_of(base):
            others = ", ".join([FLOAT32, *precisions_of(base)])
            raise ValueError(f"The format {base!r} has no {precision}. It has: {others}.")
        found = found.in_precision(precision)  # type: ignore[attr-defined]  # `precisions_of` says that it is there
    check_package(found)
    return found


def _found(name: str) -> ExportFormat:
    if name not in list_formats():
        close = difflib.get_close_matches(name, list_formats(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown export format {name!r}.{hint} There are: {', '.join(list_formats())}.")
    form: ExportFormat = _REGISTERED.get(name) or importlib.import_module(f"{__name__}.{name}").FORMAT
    return form


def precisions_of(name: str) -> tuple[str, ...]:
    """The precisions that a format has besides float32.

    Args:
        name: One of `list_formats()`.

    Example:
        >>> precisions_of("litert")
        ('int8',)
    """
    precisions: tuple[str, ...] = getattr(_found(name), "precisions", ())
    return precisions


def split_name(name: str) -> tuple[str, str]:
    """The name of a format, and its precision.

    Example:
        >>> split_name("openvino-int8"), split_name("openvino")
        (('openvino', 'int8'), ('openvino', 'float32'))
    """
    base, _, precision = name.partition("-")
    return base, precision or FLOAT32


def full_name(name: str, precision: str = FLOAT32) -> str:
    """The name of a format in a precision, which is also that of its folder.

    Example:
        >>> full_name("openvino", "int8"), full_name("openvino")
        ('openvino-int8', 'openvino')
    """
    return name if precision == FLOAT32 else f"{name}-{precision}"


def format_folder(version: Path, name: str) -> Path:
    """The folder of a format in a version; the SavedModel's is the version itself."""
    return version if name == SAVED_MODEL else version / name


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
