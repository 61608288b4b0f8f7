"""Charts of the pages."""

import altair as alt
import pandas as pd

from imgcls.metrics import Metric

SPLITS = {"train": "#8aa4c8", "validation": "#d97706", "test": "#4d8b6f", "unsplit": "#8aa4c8"}
CURVES = {"training": "#8aa4c8", "validation": "#c2410c"}
RUNS = ("#2f6db5", "#d97706", "#4d8b6f", "#a3459a", "#7a5a3a", "#5b9bd5")  # of Okabe and Ito's kind: told apart by all
MOST_BARS = 40  # classes; more are shown as a table
MOST_POINTS = 60  # epochs; more are drawn as a line without points


def curve(rows: list[dict], metric: Metric, epochs: int) -> alt.Chart:
    """One metric after each epoch, on training and validation images.

    Args:
        rows: What `RunFolder.metrics` returns; epoch 0 is a head that was fitted before anything else was trained.
        metric: Such as "accuracy".
        epochs: Of the whole run, which the axis shows from the beginning.
    """
    name = metric.name
    table = pd.DataFrame(rows).reindex(columns=["epoch", name, metric.on_validation])
    lines = table.rename(columns={name: "training", metric.on_validation: "validation"})
    lines = lines.melt("epoch", list(CURVES), var_name="images", value_name=name).dropna()
    percent = metric.is_share
    scale = alt.Scale(zero=False) if metric.higher_is_better else alt.Scale(type="log", nice=False)
    points = alt.OverlayMarkDef(size=22) if len(rows) <= MOST_POINTS else False
    return (
        alt.Chart(lines, height=260)
        .mark_line(point=points, strokeWidth=2)
        .encode(
            x=alt.X(
                "epoch:Q",
                scale=alt.Scale(domain=[rows[0]["epoch"], max(2, epochs)], nice=False),
                axis=alt.Axis(format="d", tickMinStep=1, grid=False),
            ),
            y=alt.Y(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(format="%" if percent else "~g")),
            color=_colors("images", CURVES),
            tooltip=["images", "epoch", alt.Tooltip(f"{name}:Q", format=".1%" if percent else ".4f")],
        )
    )


def balance_effect(table: pd.DataFrame) -> alt.Chart:
    """Two bars a class: its training images, and how many it counts as once the classes are balanced.

    Args:
        table: A row a class, with the columns "training images" and "counts as".
    """
    shown = table.head(MOST_BARS)
    long = shown.rename_axis("class").reset_index().melt("class", var_name="bar", value_name="images")
    return (
        alt.Chart(long, height=alt.Step(14))
        .mark_bar()
        .encode(
            y=alt.Y("class:N", title=None, sort=list(shown.index), axis=alt.Axis(labelLimit=160, ticks=False)),
            yOffset=alt.YOffset("bar:N", sort=list(table.columns)),
            x=alt.X("images:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1)),
            color=_colors("bar", dict(zip(table.columns, (SPLITS["train"], SPLITS["validation"]), strict=True))),
            tooltip=["class", "bar", alt.Tooltip("images:Q", format=".1f")],
        )
    )


def curves_of_runs(table: pd.DataFrame, metric: Metric) -> alt.Chart:
    """One metric on the validation images of several runs, over each other.

    Args:
        table: The columns run, epoch and value.
        metric: Such as "accuracy".
    """
    scale = alt.Scale(zero=False) if metric.higher_is_better else alt.Scale(type="log", nice=False)
    names = list(dict.fromkeys(table["run"]))
    return (
        alt.Chart(table, height=280)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22) if len(table) <= MOST_POINTS else False)
        .encode(
            x=alt.X("epoch:Q", axis=alt.Axis(format="d", tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(format="%" if metric.is_share else "~g")),
            color=_colors("run", {name: RUNS[place % len(RUNS)] for place, name in enumerate(names)}),
            strokeDash=alt.StrokeDash("run:N", sort=names, legend=None),
            tooltip=["run", "epoch", alt.Tooltip("value:Q", format=".1%" if metric.is_share else ".4f")],
        )
    )


def _colors(field: str, colors: dict[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=alt.Legend(orient="top"))
