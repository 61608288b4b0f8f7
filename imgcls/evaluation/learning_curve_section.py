"""The learning curve in the report: whether more training images would help, and which."""

import altair as alt
import pandas as pd

from imgcls.evaluation.charts import REFERENCE, RIGHT, as_svg
from imgcls.evaluation.learning_curve import Gain, LearningCurve
from imgcls.evaluation.section import Chart, NextStep, Section, TextTable

LITTLE = 0.005  # accuracy, below which twice the images hardly help
MOST_NAMED = 3  # classes


def learning_curve_section(found: LearningCurve) -> Section:
    """Whether more training images would help, as a section of the report."""
    described = "Accuracy on the validation images over the number of training images, with 95 % intervals."
    return Section(
        "learning-curve",
        "Would more images help?",
        tuple(_sentences(found)),
        (Chart(_chart(found), described),) if found.points else (),
        TextTable(
            ("training images", "accuracy (95 % interval)"),
            tuple(
                (f"{p.images:,}", f"{100 * p.accuracy:.1f} % ({100 * p.low:.1f} to {100 * p.high:.1f})")
                for p in found.points
            ),
        )
        if found.points
        else None,
    )


def learning_curve_steps(found: LearningCurve) -> list[NextStep]:
    """To collect more images, where they would surely bring something."""
    gain = found.doubling
    if gain is None or gain.low < LITTLE / 2 or gain.value < LITTLE:
        return []
    most = [each.name for each in found.classes if each.low > 0][:MOST_NAMED]
    which = f", of {_listed(most)} first" if most else ""
    return [
        NextStep(
            f"Collect about {found.images:,} more training images like those that there are{which}",
            f"Twice as many training images would bring {_points(gain)} of accuracy, by the learning curve.",
            gain=100 * gain.value,
        )
    ]


def _sentences(found: LearningCurve) -> list[str]:
    if not found.points:
        return [f"There is too little to say. {found.reason}"]
    first, last = found.points[0], found.points[-1]
    sentences = [
        f"With {first.images:,} training images {100 * first.accuracy:.1f} % of the validation images are right, with "
        f"{last.images:,} {100 * last.accuracy:.1f} %.",
        _outlook(found),
    ]
    if surest := [each for each in found.classes if each.low > 0][:MOST_NAMED]:
        named = _listed([f"{each.name} ({_points(each)} of its images)" for each in surest])
        sentences.append(f"The second half of the training images has helped these classes the most: {named}.")
    elif found.classes:
        sentences.append("No class has surely gained by the second half of the training images.")
    sentences.append(
        f"This was measured with a linear classifier on {found.features}; a network that is trained as a whole may "
        "gain more by more images."
    )
    return sentences


def _outlook(found: LearningCurve) -> str:
    gain = found.doubling
    if gain is None:
        return found.reason
    if gain.high < LITTLE:
        return f"Twice as many images of this kind would hardly help: they would bring {_points(gain)}."
    return f"Twice as many images of this kind would bring {_points(gain)} of accuracy."


def _points(gain: Gain) -> str:
    """Such as "0.5 to 2.1 points"."""
    return f"{100 * gain.low:.1f} to {100 * gain.high:.1f} points"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _chart(found: LearningCurve) -> str:
    """The points with their intervals, and the fitted curve, dashed where there are no images yet."""
    points = pd.DataFrame([vars(point) for point in found.points])
    x = alt.X("images:Q", title="training images", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format="~s"))
    y = alt.Y("accuracy:Q", title="accuracy on validation", scale=alt.Scale(zero=False), axis=alt.Axis(format=".0%"))
    base = alt.Chart(points, width=420, height=240, title="Accuracy grows with the training images")
    layers = [
        base.mark_rule(color=RIGHT, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_point(color=RIGHT, filled=True, size=60, opacity=1).encode(x=x, y=y),
    ]
    if found.curve:
        curve = pd.DataFrame(list(found.curve), columns=["images", "accuracy"])
        layers.append(alt.Chart(curve).mark_line(color=REFERENCE, strokeDash=[5, 4]).encode(x=x, y=y))
    return as_svg(alt.layer(*layers))
