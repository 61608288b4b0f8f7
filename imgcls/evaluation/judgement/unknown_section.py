"""What the report says of strangeness: how the score was chosen, and how many images are "none of these"."""

import altair as alt
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.judgement.unknown import HIDDEN, Candidate, UnknownScore
from imgcls.evaluation.judgement.unknown_fit import FEWEST_IMAGES
from imgcls.evaluation.pages.charts import REFERENCE, RIGHT, as_svg
from imgcls.evaluation.pages.section import Chart, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable

NAME, TITLE = "unknown", "When does it say 'none of these'?"
BINS = 40  # of the chart


def measure_unknown(score: UnknownScore, table: PredictionTable) -> dict[str, object]:
    """How many images are "none of these", as evaluation.json holds it.

    Args:
        score: As it was fitted on validation.
        table: Images of known classes that nothing was fitted to, such as the test split.
    """
    unknown = int(score.is_unknown(table).sum())
    interval = wilson_interval(unknown, len(table)) if len(table) else None
    return {"images": len(table), "unknown": unknown, "interval": interval, "score": score.to_dict()}


def unknown_section(score: UnknownScore | None, table: PredictionTable) -> Section:
    """What the report says of strangeness.

    Args:
        score: As it was fitted on validation; None where it was not.
        table: Images of known classes that nothing was fitted to, such as the test split.
    """
    if score is None:
        why = f"Validation has fewer than {FEWEST_IMAGES} images: too few to say which images are 'none of these'."
        return Section(NAME, TITLE, (why,))
    if not len(table) or table.logits is None:
        return Section(NAME, TITLE, ("There are no images with logits: too few to say how many are strange.",))
    sentences = (_unknown_in_words(score, table), _choice_in_words(score))
    return Section(NAME, TITLE, sentences, (_chart(score, table),), _candidates_table(score))


def _unknown_in_words(score: UnknownScore, table: PredictionTable) -> str:
    unknown = int(score.is_unknown(table).sum())
    low, high = wilson_interval(unknown, len(table))
    return (
        f"Of {counted(len(table), 'image')} of classes that it knows, {100 * unknown / len(table):.1f} % are called "
        f"'none of these' (95 % interval {100 * low:.1f} to {100 * high:.1f} %), and each of these is an error. The "
        f"threshold lets {100 * score.known:g} % of {counted(score.images, 'validation image')} pass."
    )


def _choice_in_words(score: UnknownScore) -> str:
    chosen = _chosen(score)
    if chosen is None or not chosen.areas:
        return "There was nothing to choose the score by: no class could be hidden, and there were no corrupted images."
    parts = [
        f"{100 * area:.0f} % of {'images of a hidden class' if name == HIDDEN else f'images under {name}'}"
        for name, area in chosen.areas.items()
    ]
    return (
        f"The score is the {chosen.title}. It ranks a strange image above a known one for "
        f"{', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]} (ROC area, on validation images). "
        "Strangers of other kinds may be harder to tell, so try it on images that really come in."
    )


def _chosen(score: UnknownScore) -> Candidate | None:
    same = [each for each in score.candidates if (each.method, each.neighbors) == (score.method, score.neighbors)]
    return same[0] if same else None


def _candidates_table(score: UnknownScore) -> TextTable | None:
    kinds = list(dict.fromkeys(name for each in score.candidates for name in each.areas))
    if not kinds:
        return None
    ranked = sorted(score.candidates, key=lambda each: -(each.area or 0.0))
    rows = tuple(
        (each.title, *(f"{each.areas[kind]:.3f}" if kind in each.areas else "" for kind in kinds)) for each in ranked
    )
    return TextTable(("score", *kinds), rows)


def _chart(score: UnknownScore, table: PredictionTable) -> Chart:
    """Histogram of the score, with the threshold."""
    scores = score.scores(table).astype(float)
    low, high = np.quantile(scores, [0.002, 0.998])
    ends = float(min(low, score.threshold)), float(max(high, score.threshold)) + 1e-6
    counts, edges = np.histogram(np.clip(scores, *ends), BINS, ends)
    rows = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "images": counts})
    bars = (
        alt.Chart(rows, width=420, height=180, title=f"Right of the line, images are {'none of these'!r}")
        .mark_bar(color=RIGHT)
        .encode(
            x=alt.X("from:Q", bin="binned", title="strangeness (score without unit)"),
            x2="to:Q",
            y=alt.Y("images:Q", title="images"),
        )
    )
    line = alt.Chart(pd.DataFrame({"threshold": [score.threshold]})).mark_rule(color=REFERENCE, size=2)
    description = "Bars: how many images have each strangeness; a line at the threshold."
    return Chart(as_svg(bars + line.encode(x="threshold:Q")), description)
