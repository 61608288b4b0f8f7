"""What a view gives besides the files that it writes."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Found:
    """What a view found.

    Attributes:
        sentences: In words.
        table: As a table; None where there is none.
        problems: Files that could not be read or explained, each with its reason.
    """

    sentences: tuple[str, ...] = ()
    table: pd.DataFrame | None = None
    problems: tuple[tuple[str, str], ...] = ()
