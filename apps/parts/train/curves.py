"""The curves of a run, each with its table."""

import pandas as pd
import streamlit as st
from jobs.runs import Run

from imgcls.metrics import METRICS
from parts.charts import curve


def show_curves(run: Run) -> None:
    """Accuracy and loss after each epoch, as far as there are some."""
    metrics = run.folder.metrics() if run.folder else []
    if not any(row["epoch"] for row in metrics):
        return
    epochs = run.folder.config.training.epochs
    shown = [metric for metric in METRICS.values() if metric.in_curves]
    for column, metric in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            st.markdown(f"**{metric.curve_title.capitalize()}** after each epoch")
            st.altair_chart(curve(metrics, metric, epochs), key=f"curve {metric.name}")
    with st.expander("As a table", icon=":material/table:"):
        st.dataframe(_table(metrics), hide_index=True)


def _table(metrics: list[dict]) -> pd.DataFrame:
    columns = {"epoch": "Epoch"}
    for metric in METRICS.values():
        if metric.in_curves:
            title = metric.curve_title.capitalize()
            columns |= {metric.name: title, metric.on_validation: f"{title}, validation images"}
    columns |= {"images_per_second": "Images a second", "seconds": "Seconds"}
    return pd.DataFrame(metrics).reindex(columns=list(columns)).rename(columns=columns).round(4)
