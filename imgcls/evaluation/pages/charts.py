"""Charts of the report, as SVG that needs no script and no network and reads well on white and on black.

A chart names its colours by `PALETTE`, or leaves them to Altair; `as_svg` turns them into CSS variables, such as
`var(--chart-blue, #1a4f8f)`. A page that sets the variables for a dark screen recolours every chart, and without such a
page they are what `PALETTE` says. For a heatmap use one colour of the palette and encode the opacity.
"""

import hashlib
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from imgcls.evaluation.pages.section import Chart
from imgcls.metrics import METRICS, Metric

PALETTE = {  # in this order; told apart with any colour vision, 3:1 against white (Machado et al., 2009; WCAG 2.2)
    "blue": "#1a4f8f",
    "orange": "#b3400f",
    "green": "#2f9e73",
    "purple": "#b050c8",
    "yellow": "#ab911d",
    "gray": "#667085",
}
DARK_PALETTE = {  # the same on a dark page
    "blue": "#7cc2ff",
    "orange": "#f2762e",
    "green": "#3fcf9c",
    "purple": "#d167cf",
    "yellow": "#f0d670",
    "gray": "#98a2b3",
}
RIGHT, WRONG, REFERENCE = PALETTE["blue"], PALETTE["orange"], PALETTE["gray"]  # good, bad, what it is held against
TRAINING, VALIDATION = PALETTE["gray"], PALETTE["blue"]
FONT = "system-ui, Helvetica, Arial, sans-serif"
WIDTH, LETTER = 300, 7  # pixels: of a chart that does not say how wide it is, and of a letter of its title
INK = {  # of what is written and drawn without a colour, by the names under which the page sets it
    "ink": ("#1d2433", ("#000", "#000000", "black", "#333", "#1f2937")),
    "soft": ("#5b6475", ("#888", "gray", "grey")),
    "grid": ("#e3e6ec", ("#ddd", "lightgray", "lightgrey")),
    "paper": ("#ffffff", ("#fff", "white")),
}


def learning_curves(metrics: Sequence[dict[str, Any]]) -> tuple[Chart, ...]:
    """The metrics of `imgcls.metrics.METRICS` that have curves, after each epoch; a chart each.

    Args:
        metrics: A dictionary an epoch, as metrics.jsonl holds them. Epoch 0 is a head that was fitted before anything
            else was trained.

    Returns:
        The charts; none if no epoch was trained.
    """
    table = pd.DataFrame(metrics)
    if table.empty or not table["epoch"].any():
        return ()
    shown = sorted((metric for metric in METRICS.values() if metric.in_curves), key=lambda m: m.higher_is_better)
    return tuple(
        Chart(
            as_svg(_learning_curve(table, metric)),
            f"{metric.curve_title} on training and validation images after each epoch; the table below has the numbers",
        )
        for metric in shown
    )


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
    """A chart as SVG, in the type, the colours and the size of all charts of the report.

    Args:
        chart: With colours of `PALETTE`, or none. Its background is that of the page.

    Returns:
        An SVG that may stand in a page beside others.

    Example:
        >>> points = pd.DataFrame({"x": [0, 1], "y": [0, 1]})
        >>> svg = as_svg(alt.Chart(points).mark_line().encode(x="x", y="y"))
        >>> "var(--chart-blue, #1a4f8f)" in svg
        True
    """
    styled = (
        chart.configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_range(category=list(PALETTE.values()))
        .configure_mark(color=PALETTE["blue"])
        .configure_rule(color=REFERENCE)
        .configure_text(color=INK["ink"][0])
        .configure_axis(
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=160,
            labelColor=INK["soft"][0],
            titleColor=INK["soft"][0],
            gridColor=INK["grid"][0],
            domainColor=INK["grid"][0],
            tickColor=INK["grid"][0],
        )
        .configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=240)
        .configure_title(fontSize=13, fontWeight=600, anchor="start", offset=10, color=INK["ink"][0])
        .configure_header(labelFontSize=12, titleFontSize=12, labelColor=INK["ink"][0], titleColor=INK["soft"][0])
    )
    return _with_own_names(
        _with_variables(_small(str(vl_convert.vegalite_to_svg(_with_broken_titles(styled.to_dict())))))
    )


def _with_broken_titles(view: dict[str, Any], width: float = WIDTH) -> dict[str, Any]:
    """The specification with titles in lines that are no wider than their charts, which Vega would cut off."""
    own = view.get("width", width)
    letters = int((own if isinstance(own, int | float) else width) / LETTER)
    if isinstance(view.get("title"), str):
        view["title"] = textwrap.wrap(view["title"], max(12, letters)) or ""
    for parts in ("hconcat", "vconcat", "concat", "layer"):
        for part in view.get(parts, []):
            _with_broken_titles(part, own if isinstance(own, int | float) else width)
    return view


def _small(svg: str) -> str:
    """The SVG without what the chart's description says in its place, and with hundredths of a pixel at the finest."""
    svg = re.sub(r' (aria-[a-z]+|role)="[^"]*"', "", svg)
    geometry = r'\b(d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"'
    return re.sub(geometry, lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), svg)


def _with_variables(svg: str) -> str:
    """The SVG with CSS variables in place of its colours."""
    variables = {color: f"var(--chart-{name}, {color})" for name, color in PALETTE.items()}
    for name, (color, synonyms) in INK.items():
        variables |= dict.fromkeys((color, *synonyms), f"var(--chart-{name}, {color})")

    def replaced(found: re.Match[str]) -> str:
        return f'{found[1]}="{variables.get(found[2].lower(), found[2])}"'

    return re.sub(r'\b(fill|stroke)="([^"]*)"', replaced, svg)


def _with_own_names(svg: str) -> str:
    """The SVG with names for its parts that no other one has, so that two stand in one page."""
    names = {name: f"part{place}" for place, name in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)))}
    own = hashlib.sha256(_renamed(svg, names).encode()).hexdigest()[:8]
    return _renamed(svg, {name: f"{new}-{own}" for name, new in names.items()})


def _renamed(svg: str, names: dict[str, str]) -> str:
    """The SVG with other names for its parts, where they are given and where they are used."""
    used = r'(\bid="|url\(#|href="#)([^")]+)'
    return re.sub(used, lambda found: found[1] + names.get(found[2], found[2]), svg)
