"""Counters, gauges and histograms as Prometheus reads them: its text format, version 0.0.4."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Number = TypeVar("Number")
ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Counter:
    """A number for each combination of labels, which only grows.

    Args:
        name: With its unit, as Prometheus' rules want it, or as TensorFlow Serving names it.
        meaning: One sentence.
        labels: The names of the labels.

    Attributes:
        labels: The same.

    Example:
        >>> images = Counter("images_total", "Images.", ["model"])
        >>> images.add(["cats"], 2)
        >>> list(images.lines())
        ['# HELP images_total Images.', '# TYPE images_total counter', 'images_total{model="cats"} 2']
    """

    kind = "counter"

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        self.name, self.labels = name, tuple(labels)
        self._head = [f"# HELP {name} {meaning}", f"# TYPE {name} {self.kind}"]
        self._values: dict[tuple[str, ...], float] = {}

    def add(self, labels: Iterable[str] = (), value: float = 1) -> None:
        """Add to the number of these labels; a new one begins at 0."""
        key = tuple(labels)
        self._values[key] = self._values.get(key, 0) + value

    def lines(self) -> Iterator[str]:
        """The lines of the text format; none where nothing was counted."""
        if self._values:
            yield from self._head
        for key, value in self._values.items():
            yield f"{self.name}{_braces(self.labels, key)} {_number(value)}"

    def label_sets(self) -> list[tuple[str, ...]]:
        """The combinations of labels that have a number."""
        return list(self._values)

    def forget(self, first: tuple[str, ...]) -> None:
        """Drop all numbers whose labels begin with these."""
        self._values = _without(self._values, first)


class Gauge(Counter):
    """A number for each combination of labels, which goes up and down."""

    kind = "gauge"

    def set(self, labels: Iterable[str], value: float) -> None:
        """Set the number of these labels."""
        self._values[tuple(labels)] = value

    def clear(self) -> None:
        """Forget all numbers."""
        self._values.clear()


class Histogram:
    """How many values are at most each bound, for each combination of labels.

    Args:
        name: With its unit.
        meaning: One sentence.
        labels: The names of the labels.
        bounds: Growing; a last one for what is larger is added.

    Attributes:
        labels: The same.
    """

    def __init__(self, name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self.name, self.labels = name, tuple(labels)
        self._head = [f"# HELP {name} {meaning}", f"# TYPE {name} histogram"]
        self._bounds = list(bounds)
        self._limits = [*(f"{bound:.6g}" for bound in bounds), "+Inf"]  # the digits of the official server
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, labels: Iterable[str], value: float) -> None:
        """Count a value; one that is not finite is left out."""
        if not math.isfinite(value):
            return
        key = tuple(labels)
        if key not in self._counts:
            self._counts[key], self._sums[key] = [0] * len(self._limits), 0.0
        self._counts[key][bisect_left(self._bounds, value)] += 1
        self._sums[key] += value

    def lines(self) -> Iterator[str]:
        """The lines of the text format; none where nothing was counted."""
        if self._counts:
            yield from self._head
        names = (*self.labels, "le")
        for key, counts in self._counts.items():
            total = 0
            for limit, count in zip(self._limits, counts, strict=True):
                total += count
                yield f"{self.name}_bucket{_braces(names, (*key, limit))} {total}"
            yield f"{self.name}_sum{_braces(self.labels, key)} {_number(self._sums[key])}"
            yield f"{self.name}_count{_braces(self.labels, key)} {total}"

    def label_sets(self) -> list[tuple[str, ...]]:
        """The combinations of labels that have values."""
        return list(self._counts)

    def forget(self, first: tuple[str, ...]) -> None:
        """Drop all values whose labels begin with these."""
        self._counts, self._sums = _without(self._counts, first), _without(self._sums, first)


def exponential(first: float, growth: float, count: int) -> list[float]:
    """Bounds that grow by a factor.

    Example:
        >>> exponential(1.0, 2.0, 3)
        [1.0, 2.0, 4.0]
    """
    return [first * growth**power for power in range(count)]


def _without(numbers: dict[tuple[str, ...], Number], first: tuple[str, ...]) -> dict[tuple[str, ...], Number]:
    return {labels: number for labels, number in numbers.items() if labels[: len(first)] != first}


def _braces(names: Iterable[str], values: Iterable[str]) -> str:
    pairs = [f'{name}="{value.translate(ESCAPED)}"' for name, value in zip(names, values, strict=True)]
    return f"{{{','.join(pairs)}}}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.0f}" if value == round(value) else repr(float(value))
