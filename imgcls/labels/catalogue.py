"""A registry: the modules of a package that declare a row, and the objects that a program registers."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from imgcls.labels.declarations import declared
from imgcls.nearest_name import did_you_mean


class Declaration(Protocol):
    """A row with a name and a place in lists."""

    @property
    def name(self) -> str:
        """What the user types; also the name of the module, unless that is said to differ."""

    @property
    def order(self) -> int:
        """Lower numbers come first."""


Row = TypeVar("Row", bound=Declaration)
Entry = TypeVar("Entry")


class Catalogue(Generic[Row, Entry]):
    """The entries of a package: modules that declare a row, and objects that are registered.

    Attributes:
        rows: Row by name, in the order of `Row.order`. No module is imported for it.
    """

    def __init__(self, package: str, variable: str, row_type: type[Row], members: Sequence[str]) -> None:
        """Read the declarations.

        Args:
            package: Name of the package.
            variable: What the row is called in each module, such as "FORMAT".
            row_type: Class of the rows.
            members: What an entry needs beside its row, such as ("detect", "read").
        """
        self.rows: dict[str, Row] = {}
        self._package = package
        self._variable = variable
        self._members = (variable, *members)
        self._registered: dict[str, Entry] = {}
        folder = Path(str(importlib.import_module(package).__file__)).parent
        found = declared(folder, variable, row_type)
        self._modules = {row.name: module for module, row in found.items()}
        self._add(*found.values())

    def find(self, name: str) -> Entry:
        """The entry called `name`, which is imported now if it is a module.

        Raises:
            ValueError: There is none; the message has the nearest name.
        """
        if name in self._registered:
            return self._registered[name]
        if name not in self.rows:
            hint = did_you_mean(name, self.rows, cutoff=0)
            raise ValueError(f"Unknown format {name!r}.{hint} There are {', '.join(self.rows)}.")
        return cast(Entry, importlib.import_module(f"{self._package}.{self._modules[name]}"))

    def register(self, entry: Entry) -> Entry:
        """Add an entry.

        Raises:
            TypeError: The entry lacks one of its members.
            ValueError: There is an entry of this name.
        """
        lacking = [name for name in self._members if not hasattr(entry, name)]
        if lacking:
            raise TypeError(f"{entry!r} is no label format: it has no {' and no '.join(lacking)}.")
        row: Any = getattr(entry, self._variable)
        if row.name in self.rows:
            raise ValueError(f"There is a format {row.name!r} already. Give this one another name.")
        self._registered[row.name] = entry
        self._add(row)
        return entry

    def _add(self, *rows: Row) -> None:
        every = sorted([*self.rows.values(), *rows], key=lambda row: (row.order, row.name))
        self.rows.clear()
        self.rows.update((row.name, row) for row in every)
