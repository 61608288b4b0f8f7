"""The measurements as a table of text: a row a network and engine; what was published stands in columns of its own."""

import math
from collections.abc import Sequence

from imgcls.durations import clock
from imgcls.evaluation.pages.section import TextTable
from imgcls.workflow.benchmark.measurement import Measurement, metric_title
from imgcls.workflow.benchmark.network import short_name
from imgcls.workflow.benchmark.recommendation import TITLES

METRIC = "metric (95 %)"  # in the place of whose name stands that of the metric
COLUMNS = (
    "network",
    "engine",
    METRIC,
    "ms",
    "ms p95",
    "ms of rounds",
    "network alone",
    "images/s (batch)",
    "memory MB",
    "disk MB",
    "parameters",
    "MACs",
    "training",
    "published top-1",
)
OF_NETWORK = (METRIC, "parameters", "MACs", "training", "published top-1")  # the same on every engine
LEAST_NEEDED = (
    "network alone",
    "ms of rounds",
    "MACs",
    "published top-1",
    "parameters",
    "training",
    "memory MB",
    "ms p95",
)
GAP = 2  # letters between two columns
RANDOM_MARK = "random"


def measurements_table(rows: Sequence[Measurement], every_cell: bool = False) -> TextTable:
    """All rows, the most accurate network first, each with its fastest engine first.

    Args:
        rows: Of one set of images on one machine.
        every_cell: Whether what is the same for all engines of a network is written in each row, and not in its first.
    """
    shown = []
    for group in by_network(rows):
        for place, row in enumerate(group):
            cells = _cells(row)
            if place and not every_cell:
                cells |= {"network": "", **dict.fromkeys(OF_NETWORK, "")}
            shown.append(tuple(cells[name] for name in COLUMNS))
    return TextTable(tuple(metric_column(rows) if name == METRIC else name for name in COLUMNS), tuple(shown))


def metric_column(rows: Sequence[Measurement]) -> str:
    """The title of the column of accuracies. rows: Of one set of images."""
    return f"{metric_title(rows)} (95 %)"


def fitting(table: TextTable, width: int) -> TextTable:
    """The same table without the columns that a narrow terminal has no room for, the least needed first.

    Args:
        table: As `measurements_table` gives it.
        width: Letters in a line.

    Example:
        >>> fitting(TextTable(("network", "MACs"), (("resnet50", "3.86 G"),)), 12).columns
        ('network',)
    """
    kept = list(range(len(table.columns)))
    for name in LEAST_NEEDED:
        if sum(GAP + max(len(row[i]) for row in (table.columns, *table.rows)) for i in kept) <= width:
            break
        kept = [i for i in kept if table.columns[i] != name]
    return TextTable(tuple(table.columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in table.rows))


def by_network(rows: Sequence[Measurement]) -> list[list[Measurement]]:
    """The rows of each network, the fastest engine first; trained before random, and the most accurate first."""
    found: dict[str, list[Measurement]] = {}
    for row in rows:
        found.setdefault(row.model, []).append(row)
    groups = [sorted(group, key=lambda row: _or_infinite(row.latency_ms)) for group in found.values()]
    return sorted(groups, key=lambda group: (group[0].is_random, -_or_zero(group[0].accuracy), group[0].latency_ms))


def problem_sentences(rows: Sequence[Measurement]) -> list[str]:
    """What could not be measured, and why; a sentence a network and engine."""
    return [
        f"{short_name(row.model)}{f' on {TITLES[row.engine]}' if row.engine in TITLES else ''}: {row.problem}"
        for row in rows
        if row.problem
    ]


def _cells(row: Measurement) -> dict[str, str]:
    return {
        "network": short_name(row.model),
        "engine": TITLES.get(row.engine, row.engine),
        METRIC: accuracy_text(row),
        "ms": number(row.latency_ms, 1),
        "ms p95": number(row.latency_p95_ms, 1),
        "ms of rounds": f"{number(row.latency_low_ms, 1)} to {number(row.latency_high_ms, 1)}" if row.is_timed else "-",
        "network alone": number(row.network_alone_ms, 1),
        "images/s (batch)": f"{number(row.images_per_second, 0)} ({row.best_batch})" if row.is_timed else "-",
        "memory MB": number(row.peak_memory_mb, 0),
        "disk MB": number(row.size_mb, 1),
        "parameters": amount(row.parameters),
        "MACs": amount(row.macs),
        "training": "-" if math.isnan(row.train_seconds) else clock(row.train_seconds),
        "published top-1": "" if math.isnan(row.published_top1) else published_text(row),
    }


def accuracy_text(row: Measurement) -> str:
    """The accuracy with its interval, and whether it is that of random features.

    Example:
        >>> from imgcls.workflow.benchmark.measurement import Measurement
        >>> row = Measurement(*[""] * 10, 0, 0, "lenet5", accuracy=0.9, accuracy_low=0.8, accuracy_high=0.95)
        >>> accuracy_text(row)
        '90.0 % (80.0 to 95.0)'
    """
    if not row.is_judged:
        return "-"
    said = f"{100 * row.accuracy:.1f} % ({100 * row.accuracy_low:.1f} to {100 * row.accuracy_high:.1f})"
    return f"{said} {RANDOM_MARK}" if row.is_random else said


def published_text(row: Measurement) -> str:
    """The published accuracy and the data that it holds for."""
    return f"{row.published_top1:.1f} % {row.published_on.partition(';')[0]}"


def number(value: float, digits: int) -> str:
    """A number with so many digits behind the point; a dash if there is none."""
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def amount(value: float) -> str:
    """A count with its unit; a dash if there is none.

    Example:
        >>> amount(4_652_008), amount(385e6), amount(1.8e9)
        ('4.65 M', '385 M', '1.8 G')
    """
    if math.isnan(value):
        return "-"
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def _or_infinite(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
