"""The next run: one of three answers, what it will do and why, and Start."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from jobs.runs import free_name, start_run
from projects.project import Project
from projects.versions import current_version, file_of_version, manifest_of
from safety import allowed_paths

from imgcls.config import TrainConfig
from imgcls.counted import counted
from parts.config_form import worded
from parts.errors import explained
from parts.opened import keep, link
from parts.person import who
from parts.plain import plain
from parts.train.answers import Answer, answers
from parts.train.cards import chosen_answer, show_cards
from parts.train.drawer import TOPICS, ask_settings, offer_undo
from parts.train.facts import Facts, facts_of
from parts.train.previews import show_augmentation, show_balance, show_whitening
from parts.train.state import changes, config_of
from parts.train.tune import offer_search


def offer_new_run(project: Project) -> None:
    """The answers and Start; where the data cannot be trained on, what it lacks."""
    version = current_version(project)
    try:
        manifest_of(project)
        facts = _facts(project.folder, project.created, version.number)
    except ValueError as error:
        _say_what_is_missing(project, worded(str(error)))
        return
    found = answers(facts)
    answer = chosen_answer(found)
    cards, start = st.container(), st.container()  # drawn last, as they depend on the settings below
    drawer = _drawer("Settings", ":material/tune:", bool(changes(project)))
    if drawer.open:
        with drawer:
            _open_drawer(project, version.number, answer, facts)
    search = _drawer("Search for better settings", ":material/travel_explore:", False)
    if search.open:
        with search, explained():
            offer_search(project, version.number, config_of(answer, changes(project)))
    with cards:
        show_cards(found, project, version.number, facts)
    with start, explained():
        _offer_start(project, version.number, answer)


@st.cache_data(max_entries=8, show_spinner="Looking at the images")
def _facts(folder: Path, created: float, version: int) -> Facts:
    """Of a version, which never changes; `created` tells a project from an earlier one of the same name."""
    project = Project(folder, "", created)
    return facts_of(allowed_paths.check_images(manifest_of(project, version), str(file_of_version(project, version))))


def _say_what_is_missing(project: Project, sentence: str) -> None:
    st.warning(plain(sentence))
    waits = "wait for one" in sentence
    if waits:
        link("label", project, "Give them labels")
    link("data", project, "Go to Data")


def _drawer(title: str, icon: str, is_open: bool) -> Any:
    """An expander whose content is only made while it is open.

    Args:
        title: What it is called.
        icon: Before its title.
        is_open: Whether it begins open. It is no argument of the expander, which would be another one with another
            value: what somebody types in it at that moment would be lost.
    """
    st.session_state.setdefault(title, is_open)
    return st.expander(title, icon=icon, key=title, on_change="rerun")


def _open_drawer(project: Project, version: int, answer: Answer, facts: Facts) -> None:
    topic = ask_settings(project, answer, list(TOPICS))
    undo = st.container()  # filled last, as it depends on the sliders below
    with explained():
        config = config_of(answer, changes(project))
        if topic == "augmentation":
            show_augmentation(project, version, config)
        elif topic == "input":
            show_whitening(project, version, config)
        elif topic == "balance":
            show_balance(config, facts)
    with undo:
        offer_undo(project)


def _offer_start(project: Project, version: int, answer: Answer) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"name of the run of {project.name}"
        name = st.text_input("Name of the run", key=key, placeholder=free_name(project), width=280).strip()
        pressed = st.button("Start", type="primary", icon=":material/play_arrow:")
    changed = len(changes(project))
    with st.container(border=True):
        st.markdown(f"**What {answer.title} does, and why**")
        own = [f"You changed {counted(changed, 'setting')} below; what you set there holds."] if changed else []
        st.markdown("\n".join(f"- {plain(reason)}" for reason in (*answer.reasons, *own)))
    if pressed:
        config = config_of(answer, changes(project))
        run = start_run(project, _complete(project, config, version, name), version, who())
        keep(run=run)
        st.rerun()


def _complete(project: Project, config: TrainConfig, version: int, name: str) -> TrainConfig:
    """The settings with the data, checked as far as can be known before the run begins.

    Raises:
        ValueError: A path leads out of the root, folds have no number, or whitening meets published weights.
    """
    config = replace(config, name=name, input=replace(config.input, data=str(file_of_version(project, version))))
    allowed_paths.check_config(config)
    if config.input.folds and not config.input.fold:
        raise ValueError("A run has one of the folds. Give the number of the fold too, under Images.")
    if config.input.whitening != "none" and config.network.weights == "imagenet":
        raise ValueError(
            "Whitening changes the pixels that the published weights know. Choose “Weights” none and “Plan” scratch "
            "under Network, or “Whitening” none under Images."
        )
    return config
