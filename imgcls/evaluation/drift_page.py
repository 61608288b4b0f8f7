"""Drift as sections of a page: each figure's distribution today, over that of the reference."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.charts import PALETTE, as_svg
from imgcls.evaluation.drift import CLASSES, Drift, FigureDrift, class_shares
from imgcls.evaluation.drift_observations import FIGURES, Observations
from imgcls.evaluation.drift_reference import DriftReference
from imgcls.evaluation.section import Chart, Section, TextTable
from imgcls.evaluation.sections_page import SectionsPage
from imgcls.evaluation.significance import p_value_text

BINS = 20
MOST_CLASSES = 30  # in a chart, those that differ most
TODAY, REFERENCE = "today", "reference"
COLORS = alt.Scale(domain=[REFERENCE, TODAY], range=[PALETTE["gray"], PALETTE["orange"]])


def drift_page(reference: DriftReference, observed: Observations, drift: Drift, source: str) -> SectionsPage:
    """The page of a comparison with the reference.

    Args:
        reference: What the bundle holds.
        observed: Of today's images.
        drift: What was found.
        source: The images or the log, as the user named them.
    """
    images, there = counted(drift.images, "image"), counted(drift.reference_images, "validation image")
    return SectionsPage(
        title="Drift",
        subtitle=f"{images} of {source}, compared with {there}",
        verdict=drift.verdict(),
        sections=[drift_section(drift), *(_figure_section(each, reference, observed) for each in drift.figures)],
        images={},
    )


def drift_section(drift: Drift) -> Section:
    """The table of all figures."""
    sentences = (
        "A figure differs where its p-value, corrected for the number of figures (Holm), is below 0.05 and the effect "
        "is large enough to matter. The effect is the share of the images that would have to move (Kolmogorov-Smirnov "
        "distance); of the embeddings, it is how many standard deviations their mean moved.",
    )
    return Section("figures", "Figures", sentences if drift.is_enough else (), table=drift_table(drift))


def drift_table(drift: Drift) -> TextTable:
    """A row a figure."""
    rows = [
        (
            each.title,
            "differs" if each.differs and drift.is_enough else "alike" if drift.is_enough else "too few to say",
            f"{each.effect:.2f}",
            "" if np.isnan(each.stability) else f"{each.stability:.2f}",
            p_value_text(each.p_value),
        )
        for each in drift.figures
    ]
    return TextTable(("figure", "", "effect", "stability index", "test"), tuple(rows))


def _figure_section(found: FigureDrift, reference: DriftReference, observed: Observations) -> Section:
    charts: tuple[Chart, ...] = ()
    if found.name == CLASSES:
        charts = (_classes_chart(reference, observed),)
    elif found.name in FIGURES:
        charts = (_histogram(found, reference, observed),)
    said = f"Today {found.words}." if found.differs else "No difference is seen."
    return Section(found.name.replace("_", "-"), found.title.capitalize(), (said,), charts)


def _histogram(found: FigureDrift, reference: DriftReference, observed: Observations) -> Chart:
    there, today = reference.distributions[found.name].values, observed.values[found.name]
    today = today[np.isfinite(today)]
    low, high = min(there.min(), today.min()), max(there.max(), today.max())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    shares = {
        who: np.histogram(values, edges)[0] / max(1, len(values))
        for who, values in ((REFERENCE, there), (TODAY, today))
    }
    values = pd.DataFrame(
        [
            {"images": who, "from": edges[place], "to": edges[place + 1], "share": share}
            for who, every in shares.items()
            for place, share in enumerate(every)
        ]
    )
    axis = alt.Axis(format="%") if FIGURES[found.name].is_share else alt.Axis()
    chart = (
        alt.Chart(values, width=520, height=180, title=f"{found.title.capitalize()}: share of the images")
        .mark_bar(opacity=0.55)
        .encode(
            x=alt.X("from:Q", bin="binned", title=found.title, axis=axis),
            x2="to:Q",
            y=alt.Y("share:Q", stack=None, title="share of the images", axis=alt.Axis(format="%")),
            color=alt.Color("images:N", scale=COLORS, title=None, legend=alt.Legend(orient="bottom")),
        )
    )
    return Chart(as_svg(chart), f"Histograms of {found.title}, today and in the reference: {found.words}")


def _classes_chart(reference: DriftReference, observed: Observations) -> Chart:
    there, today = class_shares(reference, observed.predicted)
    shown = np.argsort(-np.abs(today - there), kind="stable")[:MOST_CLASSES]
    names = [reference.class_names[place] for place in sorted(shown)]
    shares: Mapping[str, np.ndarray] = {REFERENCE: there, TODAY: today}
    values = pd.DataFrame(
        [
            {"images": who, "class": reference.class_names[place], "share": every[place]}
            for who, every in shares.items()
            for place in sorted(shown)
        ]
    )
    chart = (
        alt.Chart(values, width=520, height=alt.Step(9), title="Predicted classes: share of the images")
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="share of the images", axis=alt.Axis(format="%")),
            y=alt.Y("class:N", sort=names, title=None),
            yOffset=alt.YOffset("images:N", sort=[REFERENCE, TODAY]),
            color=alt.Color("images:N", scale=COLORS, title=None, legend=alt.Legend(orient="bottom")),
        )
    )
    return Chart(as_svg(chart), "How often each class is predicted, today and in the reference")
