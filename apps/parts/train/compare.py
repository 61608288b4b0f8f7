"""Several runs side by side: what came out, their curves over each other, and the settings that differ."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from jobs.runs import Run, look, settings_of
from projects.project import Project

from imgcls.cli.flags import Setting
from imgcls.config import TrainConfig
from imgcls.metrics import METRICS, Metric
from parts.charts import curves_of_runs
from parts.config_form import label_of, settings
from parts.errors import explained
from parts.fragment import fragment
from parts.plain import plain

NOT_COMPARED = {("name",), ("runs",)}
DATA = ("input", "data")
NOTHING = "-"  # where a run has no figure yet
NOT_SETTLED = "not settled yet"
REFRESH = 2.0  # seconds


def show_comparison(project: Project, names: list[str]) -> None:
    """Draw the comparison of these runs; while one of them lives, it follows it."""
    st.title("Runs side by side", anchor=False)
    names = list(dict.fromkeys(names))
    with explained():
        live = any(look(project, name).is_live for name in names)

        @fragment(run_every=REFRESH if live else None)
        def follow() -> None:
            runs = [look(project, name) for name in names]
            if live and not any(run.is_live for run in runs):
                st.rerun()  # which ends the looking
            _show(project, runs)

        follow()


def _show(project: Project, runs: list[Run]) -> None:
    st.dataframe(results(runs), hide_index=True, placeholder=NOTHING)
    st.caption("Two intervals that overlap widely say that the runs may well be equally good.")
    _show_curves(runs)
    st.subheader("Settings that differ", anchor=False)
    waiting = [run.name for run in runs if run.folder is None]
    different = differences(project, {run.name: settings_of(project, run) for run in runs}, waiting)
    if not different.empty:
        st.dataframe(different)
    elif not waiting:
        st.write("None: the runs differ in their data, or by chance.")
    if waiting:
        st.caption(f"What is left open for {plain(', '.join(waiting))} is settled and compared once it has begun.")


def results(runs: list[Run]) -> pd.DataFrame:
    """A row a run: what it reached on the test images, with the interval, and on how many; None for what is not yet."""
    rows = []
    for run in runs:
        found = run.folder.evaluation() if run.folder else {}
        ends = [_percent(found.get(f"accuracy_{end}")) for end in ("low", "high")]
        rows.append(
            {
                "Run": run.name,
                "Accuracy": _percent(found.get("accuracy")),
                "95 % interval": " to ".join(ends) if all(ends) else None,
                "Test images": found.get("images"),
                "Epochs": len([row for row in run.folder.metrics() if row["epoch"]]) if run.folder else 0,
                "Version of the data": run.version or None,
            }
        )
    return pd.DataFrame(rows)


def differences(project: Project, configs: Mapping[str, TrainConfig], waiting: Collection[str] = ()) -> pd.DataFrame:
    """The settings that are not the same in all runs.

    Args:
        project: Whose runs they are.
        configs: By the name of the run.
        waiting: Names of the runs that have not begun: what they leave open is not compared.

    Returns:
        A row for each setting, and a column for each run.
    """
    rows: dict[str, list[str]] = {}
    for setting in settings(TrainConfig):
        values = {name: _value(config, setting.path) for name, config in configs.items()}
        still_open = {name for name in waiting if _is_open(setting, values[name])}
        settled = [value for name, value in values.items() if name not in still_open]
        if setting.path not in NOT_COMPARED and any(value != settled[0] for value in settled):
            shown = _version if setting.path == DATA else lambda _, value: _shown(value)
            rows[label_of(setting)] = [
                NOT_SETTLED if name in still_open else shown(project, value) for name, value in values.items()
            ]
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


def _is_open(setting: Setting, value: Any) -> bool:
    """Whether a run settles this when it begins."""
    return value is None or value == "auto" or (value == 0 and (type(value) is int or setting.may_be_auto))


def _version(project: Project, data: str) -> str:
    """Data as the page Data calls it."""
    file = Path(data)
    is_version = file.stem.isdecimal() and file.absolute().parent == project.data.absolute()
    return f"version {int(file.stem)}" if is_version else data


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"
