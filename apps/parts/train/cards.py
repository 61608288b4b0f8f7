"""The three answers as cards: what each is, and how long it takes here."""

import streamlit as st
from projects.project import Project

from imgcls.config import TrainConfig
from parts.errors import explained
from parts.fragment import fragment
from parts.opened import keep
from parts.train.answers import Answer
from parts.train.estimate import Speed, in_minutes, seconds_of, speed_of
from parts.train.facts import Facts
from parts.train.state import changes, config_of

LOOK_AGAIN = 2.0  # seconds
USUAL = "good"


def chosen_answer(found: dict[str, Answer]) -> Answer:
    """The one that the address names."""
    return found.get(st.query_params.get("answer", USUAL), found[USUAL])


def show_cards(found: dict[str, Answer], project: Project, version: int, facts: Facts) -> None:
    """A card for each answer, and how the minutes were estimated."""
    chosen = chosen_answer(found)
    config = _config(chosen, project)
    speed, waits = None, False
    if config:
        with explained():
            speed = speed_of(project, version, config, facts)
            waits = speed is None
    for column, answer in zip(st.columns(len(found)), found.values(), strict=True):
        with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
            _show(answer, answer is chosen, _minutes(answer, project, facts, speed))
    if speed:
        st.caption(speed.sentence())
    elif waits:
        _wait_for_speed(project, version, config, facts)


def _show(answer: Answer, is_chosen: bool, minutes: str) -> None:
    with st.container():
        st.subheader(answer.title, anchor=False)
        st.markdown(f"**{minutes}**")
        st.write(answer.summary)
    label = f"{answer.title} is chosen" if is_chosen else f"Choose {answer.title.lower()}"
    icon = ":material/check:" if is_chosen else None
    if st.button(label, icon=icon, disabled=is_chosen, width="stretch", key=f"answer {answer.name}"):
        keep(answer=answer.name)
        st.rerun()


def _minutes(answer: Answer, project: Project, facts: Facts, speed: Speed | None) -> str:
    config = _config(answer, project)
    if config is None:
        return "A setting is wrong"
    return in_minutes(seconds_of(config, facts, speed)) if speed else "Being measured"


def _config(answer: Answer, project: Project) -> TrainConfig | None:
    """None where a setting is wrong, which the drawer of the settings says."""
    try:
        return config_of(answer, changes(project))
    except ValueError:
        return None


def _wait_for_speed(project: Project, version: int, config: TrainConfig, facts: Facts) -> None:
    @fragment(run_every=LOOK_AGAIN)
    def look_again() -> None:
        if speed_of(project, version, config, facts):
            st.rerun()
        st.caption("The minutes come once this machine has been tried, which takes a minute while nothing else runs.")

    look_again()
