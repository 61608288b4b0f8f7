"""Networks of the user's own, each a decorated function in a Python file.

A file is run once, and anew when it has changed. What goes wrong in it is one sentence with the file and the line.
"""

import os
import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

from imgcls.checksums import sha256_of
from imgcls.models.registry import NETWORK_FILES, REFUSED, Architecture, registered
from imgcls.models.wiring import Tensor, Wiring

LONGEST = 300  # signs of another library's message that are shown


@dataclass(frozen=True)
class OwnFile:
    """What a file holds.

    Attributes:
        architecture: The last one of the file.
        names: Of all its architectures.
        classes: Its classes by name, which a saved model may need.
    """

    architecture: Architecture
    names: tuple[str, ...]
    classes: dict[str, type]


_FILES: dict[tuple[Path, str], OwnFile] = {}  # by path and checksum


def own_file(path: str | Path) -> OwnFile:
    """Run a Python file, unless it was run before as it is now; its architecture is in the table from now on.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: For a mistake in it, with the line, and where IMGCLS_NETWORK_FILES is "refused".
    """
    if os.environ.get(NETWORK_FILES) == REFUSED:
        raise ValueError(f"{path} is not run: {NETWORK_FILES} is {REFUSED!r} here. Choose an architecture by name.")
    path = Path(path).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"No file at {path}. Expected a Python file with a function under @architecture(...).")
    key = path, sha256_of(path)
    if key not in _FILES:
        _FILES[key] = _run(path)
    found = _FILES[key]
    registered()[found.architecture.name] = found.architecture
    return found


def try_out(name: str, image_size: int, channels: int) -> None:
    """Build the network of a file, small, to find its mistakes before any image is opened.

    Raises:
        ValueError: With the line. Where the table of costs names the mistake, its sentence is the clearer one.
    """
    from imgcls.models.build import build_model
    from imgcls.models.cost import describe

    size = image_size or own_file(name).architecture.image_size
    shape, clearer = (size, size, channels), None
    try:
        describe(name, shape, num_classes=2)
    except ValueError as error:  # perhaps only a layer that the table cannot follow
        clearer = error
    try:
        build_model(name, shape, num_classes=2)
    except ValueError:
        if clearer is None:
            raise
        raise clearer from None


def _run(path: Path) -> OwnFile:
    table = registered()
    of_files = {name for file in _FILES.values() for name in file.names}
    earlier = {name: table.pop(name) for name in of_files if name in table}  # a changed file may have its names again
    before = set(table)
    try:
        values = runpy.run_path(str(path))
    except (Exception, SystemExit) as error:
        for name in set(table) - before:
            del table[name]
        raise ValueError(_sentence(error, path)) from error
    finally:
        for name, found in earlier.items():
            table.setdefault(name, found)
    added = [name for name in table if name not in before and table[name] is not earlier.get(name)]
    if not added:
        raise ValueError(
            f'{path} adds no architecture. Put @architecture("my_net", image_size=32), of imgcls.models, before a '
            "function, or @keras_model(...) before one that returns a Keras model."
        )
    table.update({name: _watched(table[name], path) for name in added})
    classes = {name: value for name, value in values.items() if isinstance(value, type)}
    return OwnFile(table[added[-1]], tuple(added), classes)


def _watched(architecture: Architecture, path: Path) -> Architecture:
    functions: dict[str, Any] = {name: getattr(architecture, name) for name in ("build", "head", "auxiliary_head")}
    watched: dict[str, Any] = {name: _with_line(function, path) for name, function in functions.items() if function}
    return replace(architecture, **watched)


def _with_line(function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    """The same function; what goes wrong in it is a ValueError with the line."""

    @wraps(function)
    def watched(net: Wiring[Tensor], x: Tensor, *rest: object) -> Tensor:
        try:
            result = function(net, x, *rest)
        except Exception as error:
            raise ValueError(_sentence(error, path)) from error
        if not isinstance(result, type(x)):
            given = "nothing" if result is None else f"a {type(result).__name__}"
            raise ValueError(
                f"{path}, line {_first_line(function)}: {_name(function)} returns {given}; expected what a method of "
                "net gave. End it with `return x`."
            )
        return result

    return watched


def _first_line(function: Callable[..., Any]) -> int:
    return _plain(function).__code__.co_firstlineno if hasattr(_plain(function), "__code__") else 1


def _name(function: Callable[..., Any]) -> str:
    return getattr(_plain(function), "__name__", "the function")


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return function.func if isinstance(function, partial) else function


def _sentence(error: BaseException, path: Path) -> str:
    """File, line and reason. The line is the deepest of the file's own."""
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}: {error.msg}. Mend it and try again."
    place = f"{path}, line {lines[-1]}" if lines else f"{path}"
    return f"{place}: {_reason(error)}"


def _reason(error: BaseException) -> str:
    """What is wrong, in one line; the kind of error where the message alone says little."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).partition("\n\nArguments received by")[0]
    text = re.sub(r"Exception encountered when calling [\w.]+\(\)\.", "", text)
    text = re.sub(r"\b(KerasWiring|CostWiring|Wiring)\.", "net.", " ".join(text.split()))
    if "SymbolicTensor" in text:  # what the wiring of costs has in place of a tensor
        return "x is used without net here, which the table of costs cannot follow. Use net.apply(layer, x)."
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
    return (
        text if type(error) in (ValueError, AttributeError) and text else f"{type(error).__name__}: {text}".rstrip(": ")
    )
