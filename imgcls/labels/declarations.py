"""Rows that modules declare at their top level, such as `FORMAT = Format(...)`, read without importing the modules.

Importing all formats takes about a second, because they import pandas. A list of their names, for --help and forms,
needs the declarations only. So a declaration holds literals: text, numbers, tuples.
"""

import ast
import re
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")


def declared(folder: Path, variable: str, row_type: type[Row]) -> dict[str, Row]:
    """The rows that the modules of a folder declare.

    Args:
        folder: Of Python files; those that declare nothing are passed over.
        variable: What the row is called in each module, such as "FORMAT".
        row_type: Class of the rows, which is called as it stands in the module.

    Returns:
        Row by the name of its module, in the order of the names.

    Raises:
        ValueError: A declaration holds something else than literals.
    """
    found = {}
    for path in sorted(folder.glob("*.py")):
        declaration = _declaration(path.read_text("utf-8"), variable)
        if declaration:
            found[path.stem] = _made(declaration, row_type, path)
    return found


def _declaration(text: str, variable: str) -> str:
    """The call behind `variable =`, which ends in its own line or with a bracket at the margin; empty without one."""
    match = re.search(rf"^{variable} = (\w+\((?:.*\)$|\n(?:[ ].*\n|\n)*\)$))", text, re.MULTILINE)
    return match[1] if match else ""


def _made(declaration: str, row_type: type[Row], path: Path) -> Row:
    call = ast.parse(declaration, mode="eval").body
    try:
        if not isinstance(call, ast.Call):
            raise ValueError("it is no call")
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
        return row_type(*map(ast.literal_eval, call.args), **named)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} declares {declaration[:80]!r}; expected a row of literals only ({error}).") from error
