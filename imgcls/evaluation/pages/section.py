"""The parts of a report: what an analysis found, in sentences, charts and a table, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        svg: As `imgcls.evaluation.pages.charts.as_svg` draws it, or other HTML in the colours of the page.
        description: What it shows, for those who cannot see it.
    """

    svg: str
    description: str


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes:
        columns: The heads.
        rows: A text for each column; numbers as they are to be read.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        name: Its anchor, lower case with hyphens, such as "risk-coverage".
        title: Its heading.
        sentences: What was found, in words; a paragraph each.
        charts: Shown side by side where there is room.
        table: Shown below, folded where it is long.
        commands: What to type, by what it does; not shown to who has no command line.
    """

    name: str
    title: str
    sentences: tuple[str, ...]
    charts: tuple[Chart, ...] = ()
    table: TextTable | None = None
    commands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NextStep:
    """Something to do next.

    Attributes:
        what: In the imperative, such as "Look at the labels of 'shirt' again".
        why: The figure behind it, in a sentence.
        command: What to type; empty where there is nothing to type.
        gain: How many percentage points of accuracy it might bring at the most, by that figure. Steps are ranked by it.
    """

    what: str
    why: str
    command: str = ""
    gain: float = 0.0
