"""What pictures with words are drawn on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """Colors that are read on each other: both inks have a contrast of 4.5 to 1 at least.

    Attributes:
        ground: Behind everything.
        ink: Of titles.
        gray: Of everything else that is read.
    """

    ground: str
    ink: str
    gray: str


LIGHT = Paper("#ffffff", "#1a1a1a", "#555555")
DARK = Paper("#12161c", "#e6e9ee", "#a7afba")
