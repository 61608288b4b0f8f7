"""What the report says of prediction sets, and what to do where they do not hold what they promise."""

import altair as alt
import numpy as np
import pandas as pd
from scipy.special import bdtr

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.judgement.conformal import FEWEST_IMAGES, ConformalSets, SetFigures, SetsOfClass, measure_sets
from imgcls.evaluation.pages.charts import TRAINING, as_svg
from imgcls.evaluation.pages.section import Chart, NextStep, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable

SHOWN_SIZES = 12  # of the sets, in the chart


def conformal_section(table: PredictionTable, sets: ConformalSets) -> Section:
    """What the report says of prediction sets.

    Args:
        table: Images that nothing was fitted to, such as the test split, with calibrated probabilities.
        sets: As they were calibrated on validation.
    """
    name, title = "prediction-sets", "Which classes may it be?"
    figures = measure_sets(table, sets)
    if figures is None or figures.images < FEWEST_IMAGES:
        few = f"{counted(len(table), 'image')}: too few images to say how often the prediction sets are right."
        return Section(name, title, (few, *sets.notes))
    sentences = (_covered(figures, sets), _sizes(figures), _how(sets), *sets.notes)
    return Section(name, title, sentences, (_size_chart(figures),), _class_table(figures))


def _covered(figures: SetFigures, sets: ConformalSets) -> str:
    share = f"{100 * figures.coverage:.1f} % (95 % interval {100 * figures.low:.1f} to {100 * figures.high:.1f} %)"
    if sets.method == "multi_label":
        return f"Of {share} of the images, all classes are among those that it names."
    by_chance = ""
    if figures.expected:
        low, high = figures.expected
        by_chance = f", and {100 * low:.1f} to {100 * high:.1f} % are to be expected of so many images"
    return (
        f"Beside its answer, it names the classes that the image may be (conformal prediction set). For {share} of the "
        f"images, the right one is among them; {100 * sets.coverage:g} % were wished{by_chance}."
    )


def _sizes(figures: SetFigures) -> str:
    alone = figures.sizes[1] / figures.images if len(figures.sizes) > 1 else 0.0
    none = figures.sizes[0] / figures.images
    empty = f", and none for {100 * none:.0f} %" if figures.sizes[0] else ""
    return f"It names {figures.size:.2f} classes on average, a single one for {100 * alone:.0f} % of the images{empty}."


def _how(sets: ConformalSets) -> str:
    means = {
        "lac": "every class whose probability is high enough (LAC)",
        "aps": "the likeliest classes until their probabilities add up to enough (APS)",
        "raps": "the likeliest classes until their probabilities are enough, with a penalty for each class (RAPS)",
        "class_conditional": "every class whose probability is high enough for this class (class-conditional LAC)",
        "multi_label": "every class whose probability reaches its threshold",
    }[sets.method]
    images = f", as calibrated on {counted(sets.images, 'validation image')}" if sets.images else ""
    return f"A set holds {means}{images}. The same image always gets the same set."


def _class_table(figures: SetFigures) -> TextTable:
    rows = tuple(
        (each.name, str(each.images), _share(each), "-" if each.size is None else f"{each.size:.2f}")
        for each in figures.classes
    )
    return TextTable(("class", "images", "in the set (95 % interval)", "classes in a set"), rows)


def _share(each: SetsOfClass) -> str:
    if not each.images:
        return "-"
    low, high = wilson_interval(each.covered, each.images)
    return f"{100 * each.covered / each.images:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"


def _size_chart(figures: SetFigures) -> Chart:
    """How many sets hold each number of classes; the long ones together."""
    shown = list(figures.sizes[:SHOWN_SIZES])
    names = [str(size) for size in range(len(shown))]
    if more := sum(figures.sizes[SHOWN_SIZES:]):
        shown, names = [*shown, more], [*names, f"{SHOWN_SIZES} or more"]
    rows = pd.DataFrame({"size": names, "share": np.array(shown) / figures.images})
    if not figures.sizes[0]:
        rows, names = rows.iloc[1:], names[1:]
    chart = (
        alt.Chart(rows, width=420, height=220, title="How many classes it names for an image")
        .mark_bar(color=TRAINING)
        .encode(
            x=alt.X("size:N", sort=names, title="classes in the set", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title="share of the images", axis=alt.Axis(format="%")),
        )
    )
    return Chart(as_svg(chart), "Bars: the share of the images whose prediction set holds each number of classes.")


def conformal_steps(table: PredictionTable, sets: ConformalSets, run: str = "") -> list[NextStep]:
    """What to do where the sets do not hold what they promise, for all or for a class.

    Args:
        table: Images that nothing was fitted to.
        sets: As they were calibrated on validation.
        run: Folder of the run, for the command.
    """
    figures = measure_sets(table, sets)
    if figures is None or figures.images < FEWEST_IMAGES or sets.method == "multi_label":
        return []
    if figures.expected and figures.coverage < figures.expected[0]:
        why = f"{100 * figures.coverage:.1f} % of the sets hold the class, and {100 * sets.coverage:g} % were wished."
        return [NextStep("Look whether the test images are of the same kind as those of validation", why)]
    short = [each for each in figures.classes if each.images and _is_short(each, sets.coverage, len(figures.classes))]
    if not short or sets.method == "class_conditional":
        return []
    worst = min(short, key=lambda each: each.covered / each.images)
    why = f"Of the images of {worst.name!r}, {100 * worst.covered / worst.images:.0f} % have it in their set."
    command = command_line("calibrate", run or "RUN", "--sets", "class_conditional")
    return [NextStep("Calibrate the prediction sets for each class", why, command)]


def _is_short(each: SetsOfClass, coverage: float, classes: int) -> bool:
    """Whether so few are covered that chance explains it in fewer than one of twenty reports, with so many classes."""
    return bool(bdtr(each.covered, each.images, coverage) < 0.05 / classes)
