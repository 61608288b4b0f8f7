"""What the report says of answering only when sure enough, and what to do where too many answers are wrong."""

import altair as alt
import pandas as pd

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.judgement.risk_coverage import RiskCoverage, risk_coverage
from imgcls.evaluation.judgement.selective import FEWEST_IMAGES, AnsweredImages, Thresholds, answers, answers_of_class
from imgcls.evaluation.pages.charts import TRAINING, VALIDATION, as_svg
from imgcls.evaluation.pages.section import Chart, NextStep, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable


def selective_section(table: PredictionTable, thresholds: Thresholds | None = None) -> Section:
    """What the report says of answering only when sure enough.

    Args:
        table: Images that nothing was fitted to, such as the test split.
        thresholds: Those of the model, as they were fitted on validation; None where there are none.
    """
    name, title = "risk-coverage", "When should it not answer?"
    curve = risk_coverage(table)
    if curve is None or len(table) < FEWEST_IMAGES:
        few = f"{counted(len(table), 'image')}: too few images to say when it should not answer."
        return Section(name, title, (few,))
    reached = answers(table, thresholds) if thresholds else None
    sentences = [_half(curve), *(_about(thresholds, reached) if thresholds and reached else [])]
    rows = _class_rows(table, thresholds) if thresholds else ()
    columns = ("class", "threshold", "answered", "right", "95 % interval")
    shown = TextTable(columns, rows) if rows else None
    return Section(name, title, tuple(sentences), (_curve_chart(curve, reached),), shown)


def _half(curve: RiskCoverage) -> str:
    at_half = curve.risk[max(0, -(-len(curve.risk) // 2) - 1)]
    return (
        f"If it answers every image, {100 * curve.error:.1f} % of its answers are wrong. If it answers only the half "
        f"that it is surest of, {100 * at_half:.1f} % are (area under the risk-coverage curve {curve.area:.3f}; "
        f"{curve.least_area:.3f} would be the least with as many mistakes)."
    )


def _about(thresholds: Thresholds, reached: AnsweredImages) -> list[str]:
    wishes = {
        "none": "Every image is answered.",
        "likelier_than_not": "It answers where its answer is likelier right than wrong, and else says not sure.",
        "precision": f"Wished was that {100 * thresholds.wished:g} % of the answers are right.",
        "coverage": f"Wished was that {100 * thresholds.wished:g} % of the images are answered.",
        "f1": "Each class has the threshold of its best F1 on validation.",
    }
    on_validation = [f"On validation, where they were fitted: {thresholds.reached}."] if thresholds.reached else []
    return [f"{wishes[thresholds.wish]} With these thresholds, {reached}.", *on_validation, *thresholds.notes]


def _class_rows(table: PredictionTable, thresholds: Thresholds) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (name, f"{value:.3f}", f"{each.answered} of {each.images}", *_shown_precision(each))
        for name, value, each in zip(
            table.class_names, thresholds.values, answers_of_class(table, thresholds), strict=True
        )
    )


def _shown_precision(each: AnsweredImages) -> tuple[str, str]:
    if each.precision is None or each.precision_interval is None:
        return "-", "-"
    low, high = each.precision_interval
    return f"{100 * each.precision:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"


def _curve_chart(curve: RiskCoverage, reached: AnsweredImages | None) -> Chart:
    shown = curve.shown
    rows = pd.DataFrame({"coverage": curve.coverage[shown], "risk": curve.risk[shown]})
    x = alt.X("coverage:Q", title="share of the images that is answered", axis=alt.Axis(format="%"))
    wrong, axis = "share of the answers that is wrong", alt.Axis(format="%")
    y = alt.Y("risk:Q", title=wrong, axis=axis)
    title = "How many answers are wrong, if only the surest images are answered"
    chart = alt.Chart(rows, width=420, height=260, title=title).mark_line(color=TRAINING).encode(x=x, y=y)
    if reached and reached.coverage and reached.precision is not None and reached.precision_interval:
        low, high = reached.precision_interval
        point = {"coverage": reached.coverage, "risk": 1 - reached.precision, "low": 1 - high, "high": 1 - low}
        at = alt.Chart(pd.DataFrame([point]))
        ends = at.mark_rule(color=VALIDATION).encode(x=x, y=alt.Y("low:Q", title=wrong, axis=axis), y2="high:Q")
        chart = chart + ends + at.mark_point(color=VALIDATION, filled=True, size=80).encode(x=x, y=y)
    description = "Risk-coverage curve: the share of wrong answers over the share of images that is answered."
    return Chart(as_svg(chart), f"{description} The point, with its 95 % interval, is what the thresholds reach.")


def selective_steps(table: PredictionTable, thresholds: Thresholds | None, run: str = "") -> list[NextStep]:
    """What to do where too many answers are wrong, or too few images are answered.

    Args:
        table: Images that nothing was fitted to.
        thresholds: Those of the model.
        run: Folder of the run, for the command.
    """
    if thresholds is None or len(table) < FEWEST_IMAGES:
        return []
    reached = answers(table, thresholds)
    if reached.precision is None or reached.precision_interval is None or reached.coverage is None:
        return [NextStep("Wish a lower precision", "No image is answered.", _command(run, "0.9"))]
    wished = thresholds.wished if thresholds.wish == "precision" else 0.0
    if wished and reached.precision_interval[1] < wished:
        why = f"Wished were {100 * wished:g} % right answers, and {100 * reached.precision:.1f} % are."
        what = "Fit the thresholds to more validation images, and look whether the test images are of the same kind"
        return [NextStep(what, why, _command(run, f"{wished:g}"))]
    if not wished and reached.precision < 0.95:
        why = f"{100 * (1 - reached.precision):.1f} % of its answers are wrong."
        return [NextStep("Let it answer less often, and be right more often", why, _command(run, "0.95"))]
    return []


def _command(run: str, precision: str) -> str:
    return command_line("calibrate", run or "RUN", "--precision", precision)
