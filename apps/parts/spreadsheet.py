"""A table as a file that people open in a spreadsheet."""

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a cell begins with that is computed (OWASP, "CSV injection")
TIP = "Text that begins with =, +, - or @ has an apostrophe before it, so that no spreadsheet computes it."


def for_spreadsheets(table: pd.DataFrame) -> bytes:
    """The table as CSV: with the mark by which Excel knows UTF-8, and an apostrophe before text that is a formula."""
    return table.map(_as_text).to_csv(index=False).encode("utf-8-sig")


def _as_text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
