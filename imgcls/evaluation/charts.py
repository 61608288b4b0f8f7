"""Charts of the report, as SVG that needs no script and no network."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from imgcls.evaluation.metrics import Evaluation
from imgcls.metrics import METRICS, Metric

MOST_CLASSES = 40  # in a confusion matrix that can still be read
TRAINING, VALIDATION = "#8aa4c8", "#c2410c"


def learning_curves(metrics: Sequence[dict[str, Any]]) -> str:
    """The metrics of `imgcls.metrics.METRICS` that have curves, after each epoch, side by side.

    Args:
        metrics: A dictionary an epoch, as metrics.jsonl holds them. Epoch 0 is a head that was fitted before anything
            else was trained.

    Returns:
        An SVG; empty if no epoch was trained.
    """
    table = pd.DataFrame(metrics)
    if table.empty or not table["epoch"].any():
        return ""
    shown = sorted((metric for metric in METRICS.values() if metric.in_curves), key=lambda m: m.higher_is_better)
    return as_svg(alt.hconcat(*(_learning_curve(table, metric) for metric in shown), spacing=40))


def _learning_curve(table: pd.DataFrame, metric: Metric) -> alt.Chart:
    """One metric on the validation images, and on training images if it is measured there. table: a row an epoch."""
    name = metric.name
    lines = table.reindex(columns=["epoch", name, metric.on_validation])
    lines = lines.rename(columns={name: "training", metric.on_validation: "validation"})
    lines = lines.melt("epoch", ["training", "validation"], var_name="images", value_name=name).dropna()
    ends = table["epoch"].min(), table["epoch"].max()
    epochs = alt.Axis(format="d", grid=False, values=sorted({round(n) for n in np.linspace(*ends, 10)}))
    colors = alt.Scale(domain=["training", "validation"], range=[TRAINING, VALIDATION])
    axis = alt.Axis(format="%") if metric.is_share else alt.Axis()
    limits = alt.Scale(zero=False) if metric.higher_is_better else alt.Scale(type="log", nice=False)
    chart: alt.Chart = (
        alt.Chart(lines, width=360, height=220, title=metric.curve_title)
        .mark_line(point=alt.OverlayMarkDef(size=14))
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=epochs),
            y=alt.Y(f"{name}:Q", title=None, axis=axis, scale=limits),
            color=alt.Color("images:N", title=None, scale=colors, legend=alt.Legend(orient="bottom")),
        )
    )
    return chart


def confusion_matrix(evaluation: Evaluation) -> str:
    """True classes as rows, predicted ones as columns, coloured by the share of the row.

    Args:
        evaluation: The figures.

    Returns:
        An SVG; empty if there are more than `MOST_CLASSES` classes.
    """
    names = [c.name for c in evaluation.classes]
    if len(names) > MOST_CLASSES:
        return ""
    cells = pd.DataFrame(
        [
            {"true": true, "predicted": predicted, "images": count, "share": count / max(1, sum(row))}
            for true, row in zip(names, evaluation.confusion, strict=True)
            for predicted, count in zip(names, row, strict=True)
        ]
    )
    side = max(16, min(52, 620 // len(names)))
    base = alt.Chart(cells, width=alt.Step(side), height=alt.Step(side)).encode(
        x=alt.X("predicted:N", sort=names, axis=alt.Axis(orient="top", labelAngle=-40, title="predicted", ticks=False)),
        y=alt.Y("true:N", sort=names, axis=alt.Axis(title="true", ticks=False)),
    )
    fill = base.mark_rect(stroke="white").encode(
        color=alt.Color("share:Q", scale=alt.Scale(range=["#f1f5f9", "#1e4e8c"], domain=[0, 1]), legend=None)
    )
    text = (
        base.transform_filter("datum.images > 0")
        .mark_text(fontSize=min(13, side // 2))
        .encode(text="images:Q", color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#1f2937")))
    )
    return as_svg(fill + text)


def falling_line(values: np.ndarray, x: str, y: str) -> str:
    """Numbers in their order, on a logarithmic scale.

    Args:
        values: (N,); those that are not above 0 are left out.
        x: Title of the horizontal axis, which counts from 1.
        y: Title of the vertical axis.

    Returns:
        An SVG.
    """
    table = pd.DataFrame({x: np.arange(1, len(values) + 1), y: np.asarray(values, np.float64)})
    chart = alt.Chart(table[table[y] > 0], width=760, height=180).mark_line(point=len(values) <= 32, color=TRAINING)
    return as_svg(
        chart.encode(x=alt.X(f"{x}:Q", axis=alt.Axis(format="d")), y=alt.Y(f"{y}:Q", scale=alt.Scale(type="log")))
    )


def as_svg(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG, in the type and size of all charts of the report."""
    styled = (
        chart.configure(font="Helvetica, Arial, sans-serif", background="transparent")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, labelLimit=160)
        .configure_title(fontSize=14, anchor="start")
    )
    return str(vl_convert.vegalite_to_svg(styled.to_dict()))
