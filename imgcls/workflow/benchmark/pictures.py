"""The pictures of a benchmark: accuracy against computation, against latency, and by parameters.

References: Canziani, Paszke, Culurciello, An Analysis of Deep Neural Network Models for Practical Applications, 2016,
figures 2 and 10.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from imgcls.evaluation.pages.charts import INK, PALETTE, as_svg
from imgcls.evaluation.pages.section import Chart
from imgcls.workflow.benchmark.label_places import Dot, placed
from imgcls.workflow.benchmark.measurement import Measurement, metric_title
from imgcls.workflow.benchmark.network import short_name

WIDTH, HEIGHT = 640, 360  # pixels
LARGEST_AREA = 1800.0  # square pixels, of the circle of the network with the most parameters
MOST_LETTERS = 40  # of a name in a picture; the table below it has all of them
FEWEST_TICKS, MOST_TICKS = 3, 8
LEAST_SPAN = 0.1  # of an axis of shares, so that its ticks are different whole percents
MARGIN = 0.08  # of an axis, free at both ends
TRAINED, RANDOM, FRONT = PALETTE["blue"], PALETTE["gray"], PALETTE["orange"]
LATENCY_TITLE = "latency of an image, decoding included (ms, median)"
LETTERING: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 11}
PADDING = {"left": 30, "right": 60, "top": 4, "bottom": 4}  # fonts differ in width, and what is outside is cut off
KINDS = {False: "trained weights", True: "random features"}


@dataclass(frozen=True)
class Axis:
    """An axis of a picture.

    Attributes:
        low: Its beginning.
        high: Its end.
        length: In pixels.
        logarithmic: Whether equal steps are equal factors.
    """

    low: float
    high: float
    length: float
    logarithmic: bool = False

    @classmethod
    def of(cls, values: Sequence[float], length: float, logarithmic: bool = False) -> "Axis":
        """The axis on which values stand with some room at both ends: positive ones, or shares of 0 to 1."""
        low, high = min(values), max(values)
        if logarithmic:
            factor = max(high / low, 2.0) ** MARGIN
            return cls(low / factor, high * factor**2, length, True)
        span = max(high - low, LEAST_SPAN)
        low = min(max((low + high - span) / 2, 0.0), 1.0 - span)
        return cls(low - MARGIN * span, low + (1 + MARGIN) * span, length)

    def pixels(self, value: float) -> float:
        """How far from its beginning a value stands."""
        scaled: Callable[[float], float] = math.log if self.logarithmic else float
        low, high = scaled(self.low), scaled(self.high)
        return self.length * (scaled(value) - low) / (high - low)

    @property
    def scale(self) -> alt.Scale:
        """The same for Altair."""
        return alt.Scale(type="log" if self.logarithmic else "linear", domain=[self.low, self.high], nice=False)


def heading(rows: Sequence[Measurement]) -> str:
    """What the metric is called at the beginning of a title."""
    title = metric_title(rows)
    return title[0].upper() + title[1:] if title.islower() else title


def accuracy_against_macs(rows: Sequence[Measurement]) -> Chart:
    """Accuracy over MACs, with circles whose areas are the parameters.

    Args:
        rows: One a network, with an accuracy and known MACs.
    """
    table = _table(rows)
    x, y = Axis.of(list(table["macs"]), WIDTH, True), Axis.of(list(table["accuracy"]), HEIGHT)
    area = LARGEST_AREA / table["parameters"].max()
    size = alt.Size(
        "parameters:Q",
        scale=alt.Scale(domain=[0, table["parameters"].max()], range=[0, LARGEST_AREA]),
        legend=alt.Legend(title="parameters", format=".2s", values=_round_values(table["parameters"].max())),
    )
    base = alt.Chart(table, width=WIDTH, height=HEIGHT, title=f"{heading(rows)}, computation and parameters").encode(
        x=alt.X("macs:Q", title="multiply-adds (MACs) of an image", scale=x.scale, axis=_log_axis(x)),
        y=alt.Y("accuracy:Q", title=metric_title(rows), scale=y.scale, axis=alt.Axis(format=".0%", tickCount=6)),
        color=_color(table),
    )
    circles = base.mark_circle(opacity=0.35, strokeWidth=1).encode(size=size)
    middles = base.mark_circle(opacity=1, size=18)
    radii = [math.sqrt(area * count / math.pi) for count in table["parameters"]]
    drawn = alt.layer(circles, middles, _names(table, "macs", x, y, radii))
    return Chart(
        as_svg(drawn.properties(padding=PADDING)),
        _described(f"{heading(rows)} over multiply-adds", table, "macs", ".3s"),
    )


def accuracy_against_latency(rows: Sequence[Measurement]) -> Chart:
    """Accuracy over the latency of the bundle, with the front of those that no other one surpasses in both.

    Args:
        rows: One a network, with an accuracy and a latency.
    """
    table = _table(rows)
    x = Axis.of(list(table["latency"]), WIDTH, True)
    y = Axis.of([*table["low"], *table["high"]], HEIGHT)
    base = alt.Chart(table, width=WIDTH, height=HEIGHT, title=f"{heading(rows)} and latency").encode(
        x=alt.X("latency:Q", title=LATENCY_TITLE, scale=x.scale, axis=_log_axis(x)),
        color=_color(table),
    )
    accuracy = alt.Axis(format=".0%", tickCount=6)
    rules = base.mark_rule(strokeWidth=1.5, opacity=0.5).encode(
        y=alt.Y("low:Q", scale=y.scale, axis=accuracy, title=f"{metric_title(rows)}, with its 95 % interval"),
        y2="high:Q",
    )
    dots = base.mark_circle(opacity=1, size=60).encode(y=alt.Y("accuracy:Q", scale=y.scale))
    front = pd.DataFrame(front_steps(rows, x.high), columns=["latency", "accuracy"])
    line = (
        alt.Chart(front)
        .mark_line(color=FRONT, interpolate="step-after", strokeDash=[6, 3])
        .encode(x=alt.X("latency:Q", scale=x.scale), y=alt.Y("accuracy:Q", scale=y.scale))
    )
    drawn = alt.layer(line, rules, dots, _names(table, "latency", x, y, [5.0] * len(table), lift=9))
    return Chart(
        as_svg(drawn.properties(padding=PADDING)),
        _described(f"{heading(rows)} over latency in milliseconds", table, "latency", ".3g"),
    )


def information_density(rows: Sequence[Measurement]) -> Chart:
    """Points of accuracy for each million parameters, as bars.

    Args:
        rows: One a network, with an accuracy.
    """
    table = _table(rows)
    table["density"] = [density(row) for row in rows]
    table["written"] = [density_text(row) for row in rows]
    table = table.sort_values("density", ascending=False)
    base = alt.Chart(table, width=WIDTH - 120, height=alt.Step(26), title="Information density").encode(
        y=alt.Y("network:N", sort=list(table["network"]), title=None),
        x=alt.X(
            "density:Q",
            title=f"points of {metric_title(rows)} for a million parameters",
            axis=alt.Axis(format="~s", tickCount=6),
        ),
        color=_color(table),
    )
    values = base.mark_text(align="left", dx=5).encode(text="written:N", color=alt.value(INK["ink"][0]))
    return Chart(
        as_svg((base.mark_bar(height=16) + values).properties(padding=PADDING)),
        _described("Information density", table, "density", ".3g"),
    )


def density(row: Measurement) -> float:
    """Points of accuracy (hundredths) for each million parameters."""
    return 100 * row.accuracy / (row.parameters / 1e6)


def density_text(row: Measurement) -> str:
    """The density with three digits that count.

    Example:
        >>> from imgcls.workflow.benchmark.measurement import Measurement
        >>> density_text(Measurement(*[""] * 10, 0, 0, "lenet5", accuracy=0.9, parameters=6.1e4))
        '1,475'
    """
    value = density(row)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def pareto_front(rows: Sequence[Measurement]) -> list[Measurement]:
    """The rows that no other one surpasses in accuracy and latency, the fastest first.

    Args:
        rows: With an accuracy and a latency.
    """
    front: list[Measurement] = []
    for row in sorted(rows, key=lambda row: (row.latency_ms, -row.accuracy)):
        if not front or row.accuracy > front[-1].accuracy:
            front.append(row)
    return front


def front_steps(rows: Sequence[Measurement], end: float) -> list[tuple[float, float]]:
    """(latency, accuracy) of the front up to `end`, of networks with trained weights; of all where none has some."""
    trained = [row for row in rows if not row.is_random]
    points = [(row.latency_ms, row.accuracy) for row in pareto_front(trained or rows)]
    return [*points, (end, points[-1][1])]


def _table(rows: Sequence[Measurement]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "network": [short_name(row.model) for row in rows],
            "macs": [max(row.macs, 1.0) for row in rows],
            "parameters": [row.parameters for row in rows],
            "accuracy": [row.accuracy for row in rows],
            "low": [row.accuracy_low for row in rows],
            "high": [row.accuracy_high for row in rows],
            "latency": [row.latency_ms for row in rows],
            "kind": [KINDS[row.is_random] for row in rows],
        }
    )


def _color(table: pd.DataFrame) -> alt.Color:
    kinds = [kind for kind in KINDS.values() if (table["kind"] == kind).any()]
    colors = {KINDS[False]: TRAINED, KINDS[True]: RANDOM}
    legend = alt.Legend(title=None, symbolType="circle", symbolOpacity=1) if len(kinds) > 1 else None
    return alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[colors[kind] for kind in kinds]), legend=legend)


def _names(
    table: pd.DataFrame, column: str, x: Axis, y: Axis, radii: Sequence[float], lift: float = 0
) -> alt.LayerChart:
    """The names of the points, beside them. lift: Pixels by which they stand higher, over a line through these."""
    dots = [
        Dot(_shortened(name), x.pixels(value), HEIGHT - y.pixels(accuracy) - lift, radius)
        for name, value, accuracy, radius in zip(table["network"], table[column], table["accuracy"], radii, strict=True)
    ]
    labels = pd.DataFrame([vars(label) for label in placed(dots, WIDTH, HEIGHT)])
    base = alt.Chart(labels).encode(x=alt.X("x:Q", scale=None), y=alt.Y("y:Q", scale=None), text="name:N")
    halo = base.mark_text(**LETTERING, stroke=INK["paper"][0], strokeWidth=4, strokeJoin="round")  # over lines
    return alt.LayerChart(layer=[halo, base.mark_text(**LETTERING)])


def _shortened(name: str) -> str:
    """A name with no more than `MOST_LETTERS`: of a longer one the beginning and the end."""
    half = MOST_LETTERS // 2
    return name if len(name) <= MOST_LETTERS else f"{name[: half - 1]}…{name[-half:]}"


def _log_axis(axis: Axis) -> alt.Axis:
    """Ticks at 1, 2 and 5 times the powers of ten; at those and between where the axis is short, or at equal steps."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    steps = (1, 2, 5) if axis.high / axis.low > 4 else (1, 1.5, 2, 3, 4, 5, 6, 8)
    values = [step * 10.0**power for power in powers for step in steps]
    within = [value for value in values if axis.low <= value <= axis.high]
    if len(within) < FEWEST_TICKS:
        unit = 10.0 ** math.floor(math.log10(axis.high - axis.low))
        step = next(each * unit for each in (0.2, 0.5, 1, 2) if (axis.high - axis.low) / (each * unit) <= MOST_TICKS)
        within = [place * step for place in range(math.ceil(axis.low / step), math.floor(axis.high / step) + 1)]
    return alt.Axis(values=within, format="~s")


def _round_values(most: float) -> list[float]:
    """Three numbers of parameters for the legend: about the largest, a third and a tenth of it."""
    unit = 10.0 ** math.floor(math.log10(most))
    largest = next(step for step in (5, 2, 1) if step * unit <= most) * unit
    return sorted({largest, largest / 2, largest / 10})


def _described(what: str, table: pd.DataFrame, column: str, form: str) -> str:
    parts = [
        f"{name} {100 * accuracy:.1f} % at {value:{form.replace('s', 'g')}}"
        for name, accuracy, value in zip(table["network"], table["accuracy"], table[column], strict=True)
    ]
    return f"{what}: {'; '.join(parts)}"
