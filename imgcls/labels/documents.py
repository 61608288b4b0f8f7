"""Reads annotation files safely: broken text, entity bombs and deep nesting end in a ValueError."""

import codecs
import io
import json
import os
import re
import xml.sax
import xml.sax.handler
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax

from imgcls.image_files import shown_name
from imgcls.labels.records import Problems

PEEKED = 65536  # bytes at either end of a file, to find its format
TRIED = 20  # files of a folder that are looked at to find its format
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # most files have none
_LISTED: ContextVar[dict[Path, list[Any]] | None] = ContextVar("listed", default=None)
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def files_of(source: Path, *suffixes: str) -> Iterator[Path]:
    """The files of a source with one of the suffixes, sorted by folder and name.

    Args:
        source: A folder, all of whose folders are searched, or a file. Hidden files are left out.
        *suffixes: Endings in small letters.
    """
    return _files(source, lambda name: name.lower().endswith(suffixes))


def files_named(source: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    """The files of `source`, as `files_of` has them, in whose names the pattern is found."""
    return _files(source, lambda name: pattern.search(name) is not None)


def _files(source: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    if source.is_file():
        if wanted(source.name):
            yield source
        return
    listed = _LISTED.get()
    if listed is not None and source not in listed:
        listed[source] = list(_walk(source))
    for folder, names in _walk(source) if listed is None else listed[source]:
        yield from (Path(folder, name) for name in names if wanted(name))


def _walk(source: Path) -> Iterator[tuple[str, list[str]]]:
    """Each folder with its files, both sorted."""
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield folder, sorted(name for name in names if not name.startswith("."))


@contextmanager
def listed_once() -> Iterator[None]:
    """Within it a folder is listed once, however many formats ask for its files: a large one takes seconds."""
    token = _LISTED.set({})
    try:
        yield
    finally:
        _LISTED.reset(token)


def any_file(source: Path, suffixes: tuple[str, ...], fits: Callable[[str], bool]) -> bool:
    """Whether one of the first files of a source fits a format.

    Args:
        source: A file or folder.
        suffixes: Endings of the files that are looked at, `TRIED` of them at most.
        fits: Gets the text at both ends of a file.
    """
    for tried, path in enumerate(files_of(source, *suffixes)):
        if tried == TRIED:
            return False
        if fits(peek(path)):
            return True
    return False


def fitting(
    source: Path, suffixes: tuple[str, ...], fits: Callable[[Path], bool], problems: Problems
) -> Iterator[Path]:
    """The files of a source that are of a format; the others are reported.

    Args:
        source: A folder, or a file, which is taken without a look at it because the user named it.
        suffixes: Endings of the files, in small letters.
        fits: Whether a file is of the format.
        problems: Gets the files that are not.
    """
    for path in files_of(source, *suffixes):
        if source.is_file() or fits(path):
            yield path
        else:
            problems.noted(name_in(path, source), "", "this file is of another form; it is not read.")


def peek(path: Path) -> str:
    """The two ends of a file, as far as it is text; nothing of one that cannot be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(PEEKED)
            file.seek(max(PEEKED, path.stat().st_size - PEEKED))
            tail = file.read(PEEKED)
    except OSError:
        return ""
    return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace") + tail.decode("utf-8", "replace")


def name_in(path: Path, source: Path) -> str:
    """What the problems table calls a file: its path inside the source, with forward slashes."""
    return shown_name(path.name if path == source else path.relative_to(source))


def read_each(
    paths: Iterable[Path], source: Path, read: Callable[[Path], Any], problems: Problems
) -> Iterator[tuple[Path, str, Any]]:
    """Read files one after another; what cannot be read is reported and left out.

    Args:
        paths: The files.
        source: The file or folder that they belong to.
        read: Reads a file, and raises ValueError if it cannot.
        problems: Gets what was refused.

    Yields:
        The path, its name in the problems table, and what `read` returned.
    """
    for path in paths:
        file = name_in(path, source)
        try:
            content = read(path)
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        yield path, file, content


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in the encoding that its byte order mark says.

    Raises:
        ValueError: The file holds other bytes, or cannot be opened.
    """
    data = read_bytes(path)
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"{path.name} is no UTF-8 text: line {line} has other bytes. Save it as UTF-8.") from error


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        ValueError: The file cannot be opened; the message says why.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}.") from error


def read_json(path: Path, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value of a JSON file.

    Args:
        path: The file.
        object_hook: Gets each object as a dictionary, and returns what takes its place.

    Raises:
        ValueError: The file is no JSON, which the message says with the line, or is nested too deeply.
    """
    return parse_json(read_text(path), path.name, object_hook)


def parse_json(text: str, name: str, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value of JSON text.

    Args:
        text: The JSON.
        name: What an error calls the text.
        object_hook: Gets each object as a dictionary, and returns what takes its place.

    Raises:
        ValueError: The text is no JSON, is nested too deeply, or has half a character in it.
    """
    try:
        value = json.loads(text, object_hook=object_hook)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} is no JSON: line {error.lineno}: {error.msg}.") from error
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply for an annotation file.") from error
    except ValueError as error:
        raise ValueError(f"{name} has a number that is too long to read.") from error
    broken = _half_character(text) if HALF_CHARACTER.search(text) else None
    if broken is not None:
        line = text[:broken].count("\n") + 1
        raise ValueError(
            f"{name} has half a character in line {line}, {text[broken : broken + 6]}: no text can hold it."
        )
    return value


def json_object(value: object) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one.

    Example:
        >>> json_object({"label": "cat"}), json_object("cat")
        ({'label': 'cat'}, {})
    """
    return value if isinstance(value, dict) else {}


def _half_character(text: str) -> int | None:
    """Where a surrogate is written as an escape without the other one of its pair."""
    open_at = end = -1
    for escape in ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        low = 0xDC00 <= code <= 0xDFFF
        if open_at >= 0 and not (low and escape.start() == end):
            return open_at
        if low and open_at < 0:
            return escape.start()
        open_at = escape.start() if 0xD800 <= code <= 0xDBFF else -1
        end = escape.end()
    return open_at if open_at >= 0 else None


@dataclass
class Element:
    """An element of an XML file.

    Attributes:
        name: Its tag.
        line: Where it begins, from 1.
        attributes: Text by name.
        children: The elements directly below.
        own_text: Its text without that of its children.
    """

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    own_text: str = ""

    def first(self, *names: str) -> "Element | None":
        """The first element at this path below, or None."""
        element: Element | None = self
        for name in names:
            children: list[Element] = element.children if element else []
            element = next((child for child in children if child.name == name), None)
        return element

    def all(self, name: str) -> list["Element"]:
        """The elements of this name directly below."""
        return [child for child in self.children if child.name == name]

    def text(self, *names: str) -> str:
        """The text of the first element at this path below, without the spaces around it; empty if there is none."""
        element = self.first(*names)
        return "" if element is None else element.own_text.strip()


class _Tree(xml.sax.handler.ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._locator = Locator()

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        element = Element(name, self._locator.getLineNumber() or 0, dict(attrs))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def characters(self, content: str) -> None:
        self._open[-1].own_text += content

    def endElement(self, name: str) -> None:
        self._open.pop()


def read_xml(path: Path) -> Element:
    """The root element of an XML file.

    Raises:
        ValueError: The file is no XML, which the message says with the line, or declares entities.
    """
    tree = _Tree()
    data = read_bytes(path)
    try:
        defusedxml.sax.parse(io.BytesIO(data), tree)
    except xml.sax.SAXParseException as error:
        raise ValueError(f"{path.name} is no XML: line {error.getLineNumber()}: {error.getMessage()}.") from error
    except defusedxml.DefusedXmlException as error:
        raise ValueError(f"{path.name} declares XML entities or refers to other files, which is refused.") from error
    except (xml.sax.SAXException, LookupError, ValueError) as error:
        raise ValueError(f"{path.name} is no XML that can be read: {error}.") from error
    if tree.root is None:
        raise ValueError(f"{path.name} is no XML: it has no element.")
    return tree.root
