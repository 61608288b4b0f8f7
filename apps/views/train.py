"""Train: start a run, follow it, and open earlier runs. The address names the open run (?run=...)."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import streamlit as st
from parts import allowed_paths, augmentation_sheet, config_form, launches
from parts.errors import explained
from parts.library import model_names
from parts.run_panel import accuracy_of, badge, show_run

from imgcls.config import TrainConfig
from imgcls.data.sources.cards import list_cards
from imgcls.data.sources.load import load_manifest

COMMON = (  # the settings that most runs change, a row at a time
    (("input", "data"),),
    (("network", "model"), ("network", "weights"), ("input", "augmentation")),
    (("training", "epochs"), ("training", "batch_size"), ("training", "learning_rate")),
)
ASKED_APART = {("name",), ("runs",)}
RUNS_SHOWN = 10
MANIFESTS = Path("manifests")


def new_run() -> None:
    """The form, and the start of a run from it."""
    with explained():
        values = ask_common()
        with st.expander("All settings", icon=":material/tune:"):
            values |= ask_rest()
        with st.expander("What the augmentation does", icon=":material/auto_awesome:"):
            with st.container(horizontal=True):
                chosen, everything = st.button("Draw examples"), st.button("Draw every step and preset")
            if chosen or everything:
                config = config_form.make(TrainConfig, values)
                check_data(config)
                augmentation_sheet.show(config, everything)
        name = st.text_input("Name of the run", placeholder=launches.free_name(values["input", "data"]))
        if st.button("Start training", type="primary", icon=":material/play_arrow:"):
            config = replace(config_form.make(TrainConfig, values), name=name.strip())
            check(config)
            st.query_params.from_dict({"run": launches.start(config)})
            st.rerun()


def ask_common() -> dict:
    """The settings that most runs change, with what can be chosen."""
    settings = {setting.path: setting for setting in config_form.settings(TrainConfig)}
    suggestions = {
        ("input", "data"): known_data(),
        ("network", "model"): ["auto", *model_names()],
        ("network", "weights"): ["auto", "imagenet", "none"],
    }
    names = {"auto": "auto: what suits the images", "imagenet": "imagenet: published weights", "none": "none"}
    values = {}
    for row in COMMON:
        for column, path in zip(st.columns(len(row)), row, strict=True):
            with column:
                values[path] = config_form.ask(settings[path], suggestions.get(path, ()), names)
        if ("input", "data") in row:
            st.caption("A manifest that you saved, a data set that is here, or a folder: type its path.")
    return values


def ask_rest() -> dict:
    """Every other setting, a section at a time."""
    values, sections, asked = {}, {}, ASKED_APART.union(*COMMON)
    for setting in config_form.settings(TrainConfig):
        if setting.path not in asked:
            sections.setdefault(setting.path[:-1], []).append(setting)
    for section, settings in sections.items():
        st.markdown(f"**{' '.join(section).capitalize() or 'Run'}**")
        for start in range(0, len(settings), 3):
            for column, setting in zip(st.columns(3), settings[start : start + 3], strict=False):
                with column:
                    values[setting.path] = config_form.ask(setting)
    return values


def known_data() -> list[str]:
    """Manifests, the latest first, then cards; before them the one that the address names."""
    files = sorted(MANIFESTS.glob("*.parquet"), key=lambda path: -path.stat().st_mtime)
    known = [*(str(file) for file in files if not file.name.startswith(".")), *sorted(list_cards())]
    asked = st.query_params.get("data")
    return list(dict.fromkeys([asked, *known] if asked else known))


def check_data(config: TrainConfig) -> None:
    """Raise ValueError or FileNotFoundError unless there is data that this app may read, and the paths beside it."""
    if not config.input.data:
        raise ValueError("There is no data to train on. Choose a data set, or type the path of a folder.")
    allowed_paths.check_config(config)
    allowed_paths.check_images(load_manifest(config.input.data), config.input.data)


def check(config: TrainConfig) -> None:
    """Check what can be known before the run begins.

    Raises:
        ValueError: The config has no data, a path out of the root, an unknown architecture, or folds without a number.
        FileNotFoundError: There is no such data.
    """
    from imgcls.models import find_architecture

    check_data(config)
    if config.input.folds and not config.input.fold:
        raise ValueError(
            "Here a run has one of the folds: give its number. All of them: python -m imgcls.train --folds."
        )
    if config.network.model != "auto":
        find_architecture(config.network.model)


def list_runs() -> None:
    """Show the latest runs, each with its state and a button that opens it."""
    found = launches.list_launches()
    st.subheader("Runs")
    if not found:
        st.info(f"There are no runs in {launches.RUNS.resolve()} yet. Start one above.")
        return
    shown = found if len(found) <= RUNS_SHOWN or st.toggle(f"Show all {len(found)}") else found[:RUNS_SHOWN]
    for launch in shown:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{launch.name}**", width="stretch")
            accuracy = accuracy_of(launch)
            if accuracy is not None:
                st.markdown(f"{100 * accuracy:.1f} %", width="content")
            badge(launch.state)
            st.caption(f"{datetime.fromtimestamp(launch.changed):%d %b %Y, %H:%M}", width="content")
            if st.button("Open", key=f"open {launch.name}"):
                st.query_params.from_dict({"run": launch.name})
                st.rerun()


opened = st.query_params.get("run", "")
if opened:
    if st.button("All runs", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    show_run(opened)
else:
    st.title("Train")
    st.write("Choose the images and start. The training goes on when you close this page, or the app.")
    form = st.container()
    with explained():
        list_runs()
    with form:
        new_run()
