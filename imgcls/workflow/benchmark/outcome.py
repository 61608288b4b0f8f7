"""What a benchmark has found: its measurements, its recommendation and its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from imgcls.workflow.benchmark.measurement import Measurement
from imgcls.workflow.benchmark.recommendation import Recommendation, recommend
from imgcls.workflow.benchmark.request import BenchmarkRequest

if TYPE_CHECKING:
    from imgcls.evaluation.pages.sections_page import SectionsPage


@dataclass(frozen=True)
class Outcome:
    """What was found.

    Attributes:
        request: What was asked for.
        rows: A row a network and engine, of this benchmark and of earlier ones that measured the same.
        left: The networks for which there was no time.
        how_chosen: How the networks were chosen, as a sentence; empty if the user named them.
        missing: What installs each engine that is not there, by its name.
        file: The table that all measurements are in.
    """

    request: BenchmarkRequest
    rows: Sequence[Measurement]
    left: Sequence[str]
    how_chosen: str
    missing: Mapping[str, str]
    file: Path

    @cached_property
    def recommendation(self) -> Recommendation:
        """Which network to take, and why."""
        return recommend(self.rows, self.request)

    def page(self) -> "SectionsPage":
        """The page, with pictures; `write` writes it."""
        from imgcls.workflow.benchmark.page import benchmark_page  # draws, which the terminal does without

        return benchmark_page(self)
