"""Time and cost of training to an accuracy, and of naming images with it, as DAWNBench counts them.

Reference: Coleman et al., DAWNBench: An End-to-End Deep Learning Benchmark and Competition, 2017.
"""

from collections.abc import Sequence

from imgcls.durations import clock
from imgcls.evaluation.pages.section import TextTable
from imgcls.workflow.benchmark.measurement import Measurement
from imgcls.workflow.benchmark.network import short_name
from imgcls.workflow.benchmark.recommendation import TITLES, fastest
from imgcls.workflow.benchmark.request import BenchmarkRequest

IMAGES = 10_000  # for which DAWNBench counts the cost of inference


def to_accuracy_table(rows: Sequence[Measurement], request: BenchmarkRequest) -> TextTable:
    """A row a network: the time and the cost until it reaches the accuracy, the soonest first.

    Args:
        rows: Of one set of images on one machine.
        request: With the accuracy, and the price of an hour, in any currency; 0 shows no costs.
    """
    columns = ["network", f"time to {100 * request.to_accuracy:g} %", "cost of it", "engine", "ms an image"]
    columns.append(f"cost of {IMAGES:,} images")
    shown = []
    for row in sorted(fastest(rows), key=lambda row: _or_never(_seconds(row, request))):
        seconds = _seconds(row, request)
        reached = clock_text(seconds) if seconds is not None else _why_not(row)
        cost = "" if seconds is None else cost_text(seconds, request.price_per_hour)
        naming = cost_text(IMAGES / row.images_per_second, request.price_per_hour)
        cells = (short_name(row.model), reached, cost, TITLES[row.engine], f"{row.latency_ms:.1f}", naming)
        shown.append(cells)
    if request.price_per_hour:
        return TextTable(tuple(columns), tuple(shown))
    kept = [place for place, name in enumerate(columns) if not name.startswith("cost")]
    return TextTable(tuple(columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in shown))


def clock_text(seconds: float) -> str:
    """A duration; seconds with a decimal where it is short.

    Example:
        >>> clock_text(4.25), clock_text(75)
        ('4.2 s', '1:15')
    """
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def cost_text(seconds: float, price_per_hour: float) -> str:
    """What so many seconds cost, with two digits that count.

    Example:
        >>> cost_text(3600, 0.5), cost_text(9, 0.5)
        ('0.50', '0.0013')
    """
    cost = seconds / 3600 * price_per_hour
    return f"{cost:.2f}" if cost >= 0.1 else f"{cost:.2g}" if cost >= 1e-4 else f"{cost:.1e}"


def _seconds(row: Measurement, request: BenchmarkRequest) -> float | None:
    """After which it was reached; None if it was not, or by random features, which nobody would use."""
    return None if row.is_random else row.seconds_to(request.to_accuracy)


def _or_never(seconds: float | None) -> float:
    return float("inf") if seconds is None else seconds


def _why_not(row: Measurement) -> str:
    if not row.is_judged:
        return "not measured"
    if row.is_random:
        return "random features"
    return f"not reached ({100 * row.accuracy:.1f} %)"
