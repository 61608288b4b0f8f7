"""Several runs side by side: what came out, their curves over each other, and the settings that differ."""

from typing import Any

import pandas as pd
import streamlit as st
from jobs.runs import Run, look, settings_of
from projects.project import Project

from imgcls.config import TrainConfig
from imgcls.metrics import METRICS, Metric
from parts.charts import curves_of_runs
from parts.config_form import label_of, settings
from parts.errors import explained

NOT_COMPARED = {("name",), ("runs",)}


def show_comparison(project: Project, names: list[str]) -> None:
    """Draw the comparison of these runs."""
    st.title("Runs side by side", anchor=False)
    with explained():
        runs = [look(project, name) for name in dict.fromkeys(names)]
        st.dataframe(results(runs), hide_index=True)
        st.caption("Two intervals that overlap widely say that the runs may well be equally good.")
        _show_curves(runs)
        st.subheader("Settings that differ", anchor=False)
        different = differences({run.name: settings_of(project, run) for run in runs})
        if different.empty:
            st.write("None: the runs differ in their data, or by chance.")
        else:
            st.dataframe(different)


def results(runs: list[Run]) -> pd.DataFrame:
    """A row a run: what it reached on the test images, with the interval, and on how many."""
    rows = []
    for run in runs:
        found = run.folder.evaluation() if run.folder else {}
        rows.append(
            {
                "Run": run.name,
                "Accuracy": _percent(found.get("accuracy")),
                "95 % interval": " to ".join(_percent(found.get(f"accuracy_{end}")) for end in ("low", "high")),
                "Test images": found.get("images"),
                "Epochs": len([row for row in run.folder.metrics() if row["epoch"]]) if run.folder else 0,
                "Version of the data": run.version or None,
            }
        )
    return pd.DataFrame(rows)


def differences(configs: dict[str, TrainConfig]) -> pd.DataFrame:
    """The settings that are not the same in all runs.

    Args:
        configs: By the name of the run.

    Returns:
        A row for each setting, and a column for each run.
    """
    rows: dict[str, list[str]] = {}
    for setting in settings(TrainConfig):
        values = [_value(config, setting.path) for config in configs.values()]
        if setting.path not in NOT_COMPARED and any(value != values[0] for value in values):
            rows[label_of(setting)] = [_shown(value) for value in values]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(configs))


def _show_curves(runs: list[Run]) -> None:
    shown = [metric for metric in METRICS.values() if metric.in_curves]
    for column, metric in zip(st.columns(len(shown)), shown, strict=True):
        table = _curve(runs, metric)
        if not table.empty:
            with column:
                st.markdown(f"**{metric.curve_title.capitalize()}** on the validation images")
                st.altair_chart(curves_of_runs(table, metric), key=f"compare {metric.name}")
                with st.expander("As a table", icon=":material/table:"):
                    st.dataframe(table.pivot_table(index="epoch", columns="run", values="value").round(4))


def _curve(runs: list[Run], metric: Metric) -> pd.DataFrame:
    rows = [
        {"run": run.name, "epoch": row["epoch"], "value": row[metric.on_validation]}
        for run in runs
        for row in (run.folder.metrics() if run.folder else [])
        if metric.on_validation in row
    ]
    return pd.DataFrame(rows, columns=["run", "epoch", "value"])


def _value(config: TrainConfig, path: tuple[str, ...]) -> Any:
    found: Any = config
    for name in path:
        found = getattr(found, name)
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
