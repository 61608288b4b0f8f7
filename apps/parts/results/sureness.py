"""The threshold: from how sure on an answer counts. Predict and Deploy obey what is chosen here."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from projects.judged_run import JudgedRun
from projects.threshold import set_threshold, threshold_of

from imgcls.evaluation.judgement.selective import AnsweredImages, Thresholds, answers, answers_of_class
from imgcls.evaluation.pages.charts import PALETTE
from parts.errors import callback
from parts.fragment import fragment

SHARES = ("found", "right when answered")  # columns
MARGIN = 0.05  # of the curve's axis below the lowest point, so that a straight line has an axis too


@fragment()
def show_threshold(judged: JudgedRun) -> None:
    """The slider, what it brings on the test images, and the curve of all thresholds."""
    st.subheader("When should it not answer?", anchor=False)
    st.write(
        "Below the threshold, the answer is “not sure”. Predict uses what you set here at once, Deploy from the next "
        "export on."
    )
    key = f"threshold {judged.project.name} {judged.name}"
    _take_over(judged, key)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        value = st.slider(
            "How sure it has to be at least",
            0,
            100,
            format="%d %%",
            key=key,
            on_change=callback(_set_threshold),
            args=(judged, key),
        )
        reached = answered_at(judged, value / 100)
        _show_figures(reached)
        if judged.table.is_multi_label:
            _show_classes(judged, value / 100)
    with right:
        _show_curve(judged, reached)


def _take_over(judged: JudgedRun, key: str) -> None:
    """Move the slider where another tab has set it; else it stays where it is, so that no step of a drag is lost."""
    kept, known = round(100 * threshold_of(judged.project, judged.name)), f"{key}, as it is kept"
    if key not in st.session_state or st.session_state.get(known) != kept:
        st.session_state[key] = st.session_state[known] = kept


def _set_threshold(judged: JudgedRun, key: str) -> None:
    set_threshold(judged.project, judged.name, st.session_state[key] / 100)
    st.session_state[f"{key}, as it is kept"] = st.session_state[key]


def answered_at(judged: JudgedRun, value: float) -> AnsweredImages:
    """How many test images are answered at a threshold, and how many answers are right."""
    same = np.full(len(judged.table.class_names), value, np.float32)
    return answers(judged.table, Thresholds(same))


def _show_figures(reached: AnsweredImages) -> None:
    if reached.precision is None or reached.precision_interval is None or reached.coverage is None:
        st.write("No image is answered at this threshold.")
        return
    low, high = reached.precision_interval
    with st.container(horizontal=True):
        st.metric("Answered", f"{100 * reached.coverage:.1f} %", width="content")
        st.metric("Right, of those answered", f"{100 * reached.precision:.1f} %", width="content")
    st.caption(
        f"{reached.answered:,} of {reached.images:,} test images are answered. The share that is right lies between "
        f"{100 * low:.1f} and {100 * high:.1f} % (95 % interval)."
    )


def _show_classes(judged: JudgedRun, value: float) -> None:
    """Where an image may have several classes, what the threshold does to each."""
    same = Thresholds(np.full(len(judged.table.class_names), value, np.float32))
    support = judged.table.targets.sum(axis=0)
    rows = [
        {
            "class": name,
            "images": int(own),
            "found": each.right / own if own else None,
            "answered": each.answered,
            "right when answered": each.precision,
        }
        for name, own, each in zip(judged.table.class_names, support, answers_of_class(judged.table, same), strict=True)
    ]
    percent = st.column_config.NumberColumn(format="percent")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=dict.fromkeys(SHARES, percent))


def _show_curve(judged: JudgedRun, reached: AnsweredImages) -> None:
    curve = judged.analyses.get("risk_coverage")
    if not curve:
        return
    points = pd.DataFrame({"answered": curve["coverage"], "right": 1 - np.array(curve["risk"])})
    share, lowest = alt.Axis(format=".0%", tickCount=5), max(0.0, points["right"].min() - MARGIN)
    x = alt.X("answered:Q", title="share of the images that is answered", axis=share)
    y = alt.Y("right:Q", title="share that is right", axis=share, scale=alt.Scale(domain=[lowest, 1]))
    tips = [alt.Tooltip("answered:Q", format=".1%"), alt.Tooltip("right:Q", format=".1%")]
    chart = alt.Chart(points, height=260).mark_line().encode(x=x, y=y, tooltip=tips)
    if reached.answered:
        now = pd.DataFrame([{"answered": reached.coverage, "right": reached.precision}])
        chart += alt.Chart(now).mark_point(filled=True, size=140, color=PALETTE["orange"]).encode(x=x, y=y)
    st.altair_chart(chart)
    with st.expander("As a table"):
        st.dataframe(points, hide_index=True)
