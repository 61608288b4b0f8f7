"""Slices in the report: where the classifier is worse than elsewhere, and what to do about it."""

import json
import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.charts import LETTER, REFERENCE, RIGHT, WRONG, as_svg
from imgcls.evaluation.pages.section import Chart, NextStep, Section, TextTable
from imgcls.evaluation.slices import FALSE_ALARMS, LEAST_IMAGES, Slice, Slices

MOST_DRAWN, MOST_STEPS = 15, 3
WIDEST, MOST_LINES = 36, 2  # letters of a line, and lines, that name a part in the chart
LINE, BESIDE = 15, 8  # pixels: height of a line, and what is free above and below it


def slices_section(slices: Slices) -> Section:
    """The parts of the images as a section of the report, the worst first."""
    tested = slices.tested
    described = "Accuracy of the parts with their 95 % intervals, the worst first."
    return Section(
        "slices",
        "Where it is worse than elsewhere",
        tuple(_sentences(slices)),
        (Chart(_chart(slices), described),) if tested else (),
        TextTable(
            ("part", "images", "accuracy (95 % interval)", "log loss", "against the rest", ""),
            tuple(_row(each) for each in slices.slices),
        ),
    )


def slices_steps(slices: Slices) -> list[NextStep]:
    """What to do about the parts that are worse than the rest, `MOST_STEPS` at most."""
    return [
        NextStep(
            f"Look at the images of {each.title}, and add more of them to the training images",
            f"{_percent(each.accuracy)} of these {counted(each.images, 'image')} are right, and "
            f"{_percent(each.accuracy - each.difference)} of the others.",
            gain=-100 * each.difference * each.images / slices.images,
        )
        for each in slices.worse[:MOST_STEPS]
    ]


def _sentences(slices: Slices) -> list[str]:
    tested, few = len(slices.tested), len(slices.slices) - len(slices.tested)
    if not tested:
        return [
            f"There are too few images to say where it is worse: no part has {LEAST_IMAGES} images with as many beside "
            "it, or nothing tells the images apart."
        ]
    found = [
        f"{counted(tested, 'part')} of the images were each compared with the rest: by folder, group, format, size, "
        "brightness, sharpness and what else is known of them, and by looks (clusters of the embeddings)."
    ]
    if slices.worse:
        worst = slices.worse[0]
        found.append(
            f"Worse than the rest, and not by chance: {len(slices.worse)} of them. The worst is {worst.title}: "
            f"{_percent(worst.accuracy)} of {counted(worst.images, 'image')} are right, "
            f"{_percent(worst.accuracy - worst.difference)} of the others."
        )
    else:
        found.append("None of them is worse than the rest by more than chance explains.")
    found.append(
        "Among many parts some look worse by chance; of those that are called worse here, about "
        f"{100 * FALSE_ALARMS:.0f} % at the most are (Benjamini-Hochberg correction)."
    )
    if few:
        found.append(f"Of {counted(few, 'part')} there are too few images to say.")
    return found


def _row(each: Slice) -> tuple[str, ...]:
    verdict = "too few to say" if each.p_value is None else "worse" if each.is_worse else ""
    interval = f"{_percent(each.accuracy)} ({100 * each.low:.0f} to {100 * each.high:.0f})"
    against = f"{100 * each.difference:+.1f} points"
    return each.title, f"{each.images:,}", interval, f"{each.log_loss:.3f}", against, verdict


def _chart(slices: Slices) -> str:
    """The worst parts as points with intervals, and the accuracy of all images as a line."""
    shown = slices.tested[:MOST_DRAWN]
    table = pd.DataFrame(
        [
            {"part": each.title, "accuracy": each.accuracy, "low": each.low, "high": each.high, "worse": each.is_worse}
            for each in shown
        ]
    )
    names = {each.title: textwrap.wrap(each.title, WIDEST, max_lines=MOST_LINES, placeholder=" …") for each in shown}
    parts = alt.Y("part:N", sort=list(table["part"]), title=None, axis=_axis_of(names))
    height = alt.Step(LINE * max(map(len, names.values())) + BESIDE)
    color = alt.Color("worse:N", scale=alt.Scale(domain=[True, False], range=[WRONG, RIGHT]), legend=None)
    base = alt.Chart(table, width=420, height=height, title="Accuracy of the worst parts, with 95 % intervals")
    shares = alt.Axis(format="%")
    ends = base.mark_rule(strokeWidth=2).encode(
        y=parts, x=alt.X("low:Q", title="accuracy", axis=shares, scale=alt.Scale(zero=False)), x2="high:Q", color=color
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(y=parts, x="accuracy:Q", color=color)
    overall = alt.Chart(pd.DataFrame({"accuracy": [slices.accuracy]})).mark_rule(strokeDash=[4, 4], color=REFERENCE)
    return as_svg(ends + points + overall.encode(x="accuracy:Q"))


def _axis_of(names: Mapping[str, Sequence[str]]) -> alt.Axis:
    """An axis that says each name in lines, with room for them also in a font that is wider than Vega's."""
    room = LETTER * max(len(line) for lines in names.values() for line in lines)
    said = f"{json.dumps(names)}[datum.label]"
    return alt.Axis(labelExpr=said, labelLimit=0, labelLineHeight=LINE, minExtent=room)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
