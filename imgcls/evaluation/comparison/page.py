"""The comparison of classifiers as sections of a page: their metrics, classes, images gained and lost, and configs."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.comparison.alignment import Aligned
from imgcls.evaluation.comparison.comparison import (
    ClassDifference,
    Comparison,
    MetricDifference,
    Ranked,
    Ranking,
    points,
)
from imgcls.evaluation.comparison.resampling import Figure
from imgcls.evaluation.comparison.significance import p_value_text
from imgcls.evaluation.pages.charts import PALETTE, as_svg
from imgcls.evaluation.pages.section import Chart, Section, TextTable
from imgcls.evaluation.pages.sections_page import SectionsPage, ShownImage
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import Metric

MOST_IMAGES = 48  # gained, and as many lost, that are shown
CONFIG_SAME = "The configs do not differ."


def comparison_page(comparison: Comparison, aligned: Aligned, config: TextTable | None, part: str) -> SectionsPage:
    """The page of two classifiers.

    Args:
        comparison: What was found.
        aligned: The predictions that were compared.
        config: The fields of the configs that differ; None if none does.
        part: The images, in words, such as "the test split".
    """
    first, second = comparison.names
    return SectionsPage(
        title=f"{first} and {second}",
        subtitle=f"compared on {counted(comparison.images, 'image')} of {part}",
        verdict=comparison.verdict(),
        sections=comparison_sections(comparison, config),
        images={
            "gained": _shown(aligned, comparison.gained),
            "lost": _shown(aligned, comparison.lost),
        },
    )


def ranking_page(ranking: Ranking, config: TextTable | None, part: str) -> SectionsPage:
    """The page of several classifiers; config and part as for `comparison_page`."""
    return SectionsPage(
        title=f"{len(ranking.runs)} runs",
        subtitle=f"compared on {counted(ranking.images, 'image')} of {part}",
        verdict=ranking.verdict(),
        sections=[ranking_section(ranking), config_section(config)],
        images={},
    )


def comparison_sections(comparison: Comparison, config: TextTable | None) -> list[Section]:
    """What was found about two classifiers."""
    first, second = comparison.names
    return [
        _metrics_section(comparison),
        _classes_section(comparison),
        _images_section("gained", f"{second} alone is right", comparison.gained),
        _images_section("lost", f"{first} alone is right", comparison.lost),
        config_section(config),
    ]


def ranking_section(ranking: Ranking) -> Section:
    """The table of several classifiers, and their accuracy as a chart."""
    sentences = ["The most accurate run stands first. The intervals are those of 95 %, by the paired bootstrap."]
    if ranking.is_enough:
        sentences.append("A run is worse where that would be rare by chance, corrected for all pairs of runs (Holm).")
    return Section(
        "runs", "Runs", (*sentences, *ranking.sentences), (_accuracy_chart(ranking),), ranking_table(ranking)
    )


def ranking_table(ranking: Ranking, names: Sequence[str] = ()) -> TextTable:
    """A row a classifier: its metrics, and what it is to the best one.

    Args:
        ranking: What was found.
        names: Of the metrics that are shown; empty for all.
    """
    shown = [place for place, metric in enumerate(ranking.metrics) if not names or metric.name in names]
    rows = []
    for run in ranking.runs:
        is_best = run is ranking.runs[0]
        figures = [with_interval(ranking.metrics[place], run.figures[place]) for place in shown]
        to_best = "" if is_best else _points_interval(run.to_best)
        rows.append((run.name, "best" if is_best else _said(ranking, run), to_best, *figures))
    columns = ("run", "", "points to the best", *(ranking.metrics[place].title for place in shown))
    return TextTable(columns, tuple(rows))


def metrics_table(comparison: Comparison) -> TextTable:
    """A row a metric: of both, and the difference."""
    rows = [
        (
            each.metric.title,
            each.metric.shown(each.first),
            each.metric.shown(each.second),
            _metric_difference(each),
        )
        for each in comparison.metrics
    ]
    return TextTable(("", *comparison.names, "difference"), tuple(rows))


def classes_table(comparison: Comparison) -> TextTable:
    """A row a class: how many of its images each one gets right."""
    rows = [
        (
            each.name,
            f"{each.images:,}",
            f"{each.first:,}",
            f"{each.second:,}",
            f"{each.gained:+,}" if each.gained else "0",
            f"{-each.lost:+,}" if each.lost else "0",
            _class_said(each),
        )
        for each in comparison.classes
    ]
    first, second = comparison.names
    return TextTable(("class", "images", f"{first} right", f"{second} right", "gained", "lost", ""), tuple(rows))


def config_section(config: TextTable | None) -> Section:
    """The fields of the configs that differ."""
    return Section("config", "Config", () if config else (CONFIG_SAME,), table=config)


def class_sentences(comparison: Comparison) -> tuple[str, ...]:
    """The classes of which a difference is seen."""
    first, second = comparison.names
    seen = [each for each in comparison.classes if each.differs]
    if not seen:
        return ("In no single class is the difference so clear that it would be rare by chance.",)
    return tuple(
        f"{each.name}: {first} gets {each.first:,} of {each.images:,} right and {second} {each.second:,} "
        f"({p_value_text(each.p_value or 0)}, corrected for the number of classes)."
        for each in seen
    )


def with_interval(metric: Metric, figure: Figure) -> str:
    """A metric with its interval, such as "91.2 % (89.0 to 93.1)"."""
    if metric.is_share:
        return f"{metric.shown(figure.value)} ({points(figure.low)} to {points(figure.high)})"
    return f"{metric.shown(figure.value)} ({metric.shown(figure.low)} to {metric.shown(figure.high)})"


def _metrics_section(comparison: Comparison) -> Section:
    sentences = [
        f"Each difference is {comparison.names[1]} less {comparison.names[0]}, with its 95 % interval by the paired "
        f"bootstrap{', groups of images drawn whole' if comparison.groups is not None else ''}.",
        *comparison.sentences,
    ]
    return Section("metrics", "Metrics", tuple(sentences), table=metrics_table(comparison))


def _classes_section(comparison: Comparison) -> Section:
    sentences = class_sentences(comparison) if comparison.is_enough else ()
    return Section("classes", "Classes", sentences, table=classes_table(comparison))


def _images_section(name: str, title: str, places: Sequence[int]) -> Section:
    more = f", of which {MOST_IMAGES} are shown" if len(places) > MOST_IMAGES else ""
    shown = f"{counted(len(places), 'image')}{more}, the clearest first." if places else "No image."
    return Section(name, title, (shown,))


def _shown(aligned: Aligned, places: Sequence[int]) -> list[ShownImage]:
    table = aligned.first
    paths, answers = table.paths(), [_answers(each) for each in aligned.tables]
    boxes = table.boxes()
    return [
        ShownImage(
            thumbnail(paths[place], None if boxes is None else boxes[place].tolist()),
            ", ".join(name for name, own in zip(table.class_names, table.targets[place], strict=True) if own),
            tuple(f"{name}: {said[place]}" for name, said in zip(aligned.names, answers, strict=True)),
        )
        for place in places[:MOST_IMAGES]
    ]


def _answers(table: PredictionTable) -> list[str]:
    names = table.class_names
    return [f"{names[i]} {100 * share:.0f} %" for i, share in zip(table.predicted, table.confidence, strict=True)]


def _class_said(each: ClassDifference) -> str:
    if each.p_value is None:
        return "too few images to say"
    return f"differs, {p_value_text(each.p_value)}" if each.differs else "may be chance"


def _metric_difference(each: MetricDifference) -> str:
    difference = each.difference
    if each.metric.is_share:
        return _points_interval(difference).replace(" (", " points (")
    return f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _points_interval(figure: Figure) -> str:
    value, low, high = (points(each, signed=True) for each in (figure.value, figure.low, figure.high))
    return f"{value} ({low} to {high})"


def _said(ranking: Ranking, run: Ranked) -> str:
    if not ranking.is_enough:
        return "too few images to say"
    said = "worse" if ranking.is_worse(run) else "no difference seen"
    return f"{said}, {p_value_text(run.p_value)}"


def _accuracy_chart(ranking: Ranking) -> Chart:
    names, figures = [run.name for run in ranking.runs], [run.figures[0] for run in ranking.runs]
    values = pd.DataFrame(
        {
            "run": names,
            "accuracy": [figure.value for figure in figures],
            "low": [figure.low for figure in figures],
            "high": [figure.high for figure in figures],
        }
    )
    base = alt.Chart(values, width=420, height=alt.Step(26), title="Accuracy with its 95 % interval").encode(
        y=alt.Y("run:N", sort=names, title=None)
    )
    axis = alt.Axis(format="%")
    bars = base.mark_rule(color=PALETTE["blue"], strokeWidth=2).encode(
        x=alt.X("low:Q", scale=alt.Scale(zero=False), axis=axis, title="accuracy"), x2="high:Q"
    )
    dots = base.mark_point(color=PALETTE["blue"], filled=True, size=60).encode(x="accuracy:Q")
    described = "; ".join(f"{run.name} {100 * run.figures[0].value:.1f} %" for run in ranking.runs)
    chart = (bars + dots).properties(padding={"left": 24, "right": 8, "top": 4, "bottom": 4})  # fonts differ in width
    return Chart(as_svg(chart), f"Accuracy of each run: {described}")
