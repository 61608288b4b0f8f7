"""What the report says of calibration, and what to do about it."""

from dataclasses import asdict

import altair as alt
import pandas as pd

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.judgement.calibration import FEWEST_IMAGES, Calibration, Reliability
from imgcls.evaluation.pages.charts import TRAINING, VALIDATION, as_svg
from imgcls.evaluation.pages.section import Chart, NextStep, Section, TextTable

NOTICEABLE = 0.03  # expected calibration error above which there is something to do


def calibration_section(calibration: Calibration | None) -> Section:
    """What the report says of the calibration."""
    name, title = "calibration", "Can its percentages be believed?"
    if calibration is None or calibration.images < FEWEST_IMAGES:
        images = counted(calibration.images if calibration else 0, "image")
        return Section(name, title, (f"{images}: too few images to say whether its percentages can be believed.",))
    return Section(name, title, _sentences(calibration), (_diagram(calibration),), _table(calibration))


def _sentences(calibration: Calibration) -> tuple[str, ...]:
    after = calibration.after
    return _in_words(calibration), _example(calibration), _error_in_words(calibration, after)


def _in_words(calibration: Calibration) -> str:
    after = calibration.after
    sure, right = f"{100 * after.confidence:.1f} %", f"{100 * after.right:.1f} %"
    if calibration.multi_label:
        means = f"On average it gives a class {sure}, and {right} of the images have it."
    else:
        means = f"On average it is {sure} sure of its answers, and {right} of them are right."
    if after.fits:
        return f"{means} Its percentages can be taken as they are."
    if calibration.multi_label:
        return f"{means} Its percentages are off by more than chance would bring."
    return f"{means} It is {'too sure of itself' if after.confidence > after.right else 'surer than it says'}."


def _example(calibration: Calibration) -> str:
    """The bin that is read most easily: the one that it is about 90 % sure of."""
    shown = min(calibration.after.bins, key=lambda each: abs(each.confidence - 0.9))
    what = "images that get" if calibration.multi_label else "answers that it is"
    end = "for a class" if calibration.multi_label else "sure of"
    verb = "have it" if calibration.multi_label else "are right"
    return (
        f"Of 100 {what} {100 * shown.confidence:.0f} % {end}, {100 * shown.right:.0f} {verb} "
        f"(95 % interval {100 * shown.low:.0f} to {100 * shown.high:.0f})."
    )


def _error_in_words(calibration: Calibration, after: Reliability) -> str:
    before = ""
    if calibration.before is not None and calibration.temperature != 1.0:
        before = (
            f" Before its temperature of {calibration.temperature:.2f} was fitted on validation, it was "
            f"{100 * calibration.before.ece:.1f} points."
        )
    return (
        f"What it says and what is right differ by {100 * after.ece:.1f} percentage points on average (expected "
        f"calibration error, over {len(after.bins)} groups of equal size).{before} A perfectly calibrated classifier "
        f"would show about {100 * after.ece_by_chance:.1f} points on as many images, by chance. For each class by "
        f"itself the difference is {100 * after.ece_classwise:.1f} points."
    )


def _diagram(calibration: Calibration) -> Chart:
    """The share right over the confidence, with the 95 % interval of each bin, and the line where both are equal."""
    shown = _shown(calibration)
    rows = pd.DataFrame([{"when": when, **asdict(each)} for when, what in shown.items() for each in what.bins])
    colors = alt.Scale(domain=["before", "after"], range=[TRAINING, VALIDATION])
    legend = alt.Legend(orient="bottom") if len(shown) > 1 else None
    color = alt.Color("when:N", title="temperature", scale=colors, legend=legend)
    x = alt.X("confidence:Q", title="how sure it is", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    axis, limits = alt.Axis(format="%"), alt.Scale(domain=[0, 1])
    y = alt.Y("right:Q", title="share that is right", axis=axis, scale=limits)
    base = alt.Chart(rows, width=360, height=320, title="How often it is right, by how sure it is").encode(color=color)
    ends = {"y": alt.Y("low:Q", title="share that is right", axis=axis, scale=limits), "y2": "high:Q"}
    even = alt.Chart(pd.DataFrame({"at": [0.0, 1.0]})).mark_line(strokeDash=[4, 4], color="#888888")
    diagonal = even.encode(x=alt.X("at:Q", title="how sure it is"), y=alt.Y("at:Q", title="share that is right"))
    chart = diagonal + base.mark_rule().encode(x=x, **ends) + base.mark_line(point=True).encode(x=x, y=y)
    description = "Reliability diagram: the share of right answers over the confidence, with 95 % intervals."
    return Chart(as_svg(chart), description)


def _table(calibration: Calibration) -> TextTable:
    """The numbers of the diagram, a row a group of answers."""
    shown = _shown(calibration)
    columns = ("how sure it is", "answers", "right", "95 % interval")
    rows = [
        (
            when,
            f"{100 * each.confidence:.1f} %",
            f"{each.answers:,}",
            f"{100 * each.right:.1f} %",
            f"{100 * each.low:.1f} to {100 * each.high:.1f} %",
        )
        for when, what in shown.items()
        for each in what.bins
    ]
    if len(shown) == 1:
        return TextTable(columns, tuple(row[1:] for row in rows))
    return TextTable(("temperature", *columns), tuple(rows))


def _shown(calibration: Calibration) -> dict[str, Reliability]:
    """What is compared: before its temperature and after it; only the latter where none was fitted."""
    if calibration.before is None or calibration.temperature == 1.0:
        return {"after": calibration.after}
    return {"before": calibration.before, "after": calibration.after}


def calibration_steps(calibration: Calibration | None, run: str = "") -> list[NextStep]:
    """What to do about percentages that cannot be believed.

    Args:
        calibration: Of the test split.
        run: Folder of the run, for the command.
    """
    if calibration is None or calibration.images < FEWEST_IMAGES:
        return []
    after = calibration.after
    if after.fits or after.ece < NOTICEABLE:
        return []
    why = f"They differ from what is right by {100 * after.ece:.1f} percentage points on average."
    if calibration.temperature == 1.0:
        return [NextStep("Fit its percentages to what is right", why, command_line("calibrate", run or "RUN"))]
    return [NextStep("Take its percentages with care, or give validation more images and calibrate again", why)]
