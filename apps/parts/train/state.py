"""What was chosen for the next run: it outlives reruns of the page and what the search hides."""

from typing import Any

import streamlit as st
from projects.project import Project
from safety import allowed_paths

from imgcls.cli.flags import Place
from imgcls.config import TrainConfig
from imgcls.data.augmentation.presets import PRESETS
from parts import config_form
from parts.train.answers import Answer
from parts.train.network_names import check_network

FROM_THE_ROOT = {  # fields of files, and how a text becomes the path of one
    ("network", "model"): allowed_paths.typed_name,
    ("network", "weights"): allowed_paths.typed_name,
    ("network", "init_from"): allowed_paths.typed_path,
}


def changes(project: Project) -> dict[Place, Any]:
    """What the user set differently than the answer, by the path of the field; to be changed in place."""
    return st.session_state.setdefault(f"changed settings of {project.name}", {})


def note(project: Project, place: Place, value: Any, base: Any) -> None:
    """Keep what a widget holds, if it is another value than it would be."""
    if value == base:
        changes(project).pop(place, None)
    else:
        changes(project)[place] = value


def config_of(answer: Answer, changed: dict[Place, Any]) -> TrainConfig:
    """The settings of an answer, with what the user set differently.

    Raises:
        ValueError: A value is out of range, two exclude each other, one leads to a file that the app may not read, or
            there is no such network; as the page says it.
    """
    typed = {place: str(FROM_THE_ROOT[place](changed[place])) for place in FROM_THE_ROOT if changed.get(place)}
    values = {**answer.settings, **changed, **typed}
    try:
        config = config_form.make(TrainConfig, values)
        allowed_paths.check_config(config)
        check_network(config.network.model)
        return config
    except ValueError as error:
        raise ValueError(config_form.worded(str(error))) from error


def preset_value(config: TrainConfig, name: str, neutral: float) -> float:
    """What the preset sets a parameter of the augmentation to."""
    return PRESETS[config.input.augmentation].get(name, neutral)
