"""Every setting of a run, by topic, and found by a word of its name or its sentence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import streamlit as st
from projects.project import Project
from worker.later import ask as ask_worker

from imgcls.cli.flags import Place, Setting
from imgcls.config import TrainConfig
from parts import config_form
from parts.plain import plain
from parts.train.answers import Answer
from parts.train.state import changes, note

ASKED_APART = {("name",), ("runs",), ("input", "data"), ("input", "overlay")}
USUAL: tuple[Place, ...] = (
    ("network", "model"), ("network", "plan"), ("input", "augmentation"), ("training", "epochs"),
    ("training", "batch_size"), ("training", "learning_rate"), ("training", "early_stopping_patience"),
    ("input", "image_size"), ("training", "seed"),
)  # fmt: skip
TOPICS = {  # by the section of the config
    "usual": "Usual", "input": "Images", "augmentation": "Augmentation", "balance": "Class balance",
    "network": "Network", "training": "Training", "judgement": "Answers and certainty", "patches": "Patches",
}  # fmt: skip
OF_AUGMENTATION = (("input", "augmentation"), ("input", "augmentation_layers"))
ALSO_CALLED = {  # what users and other programs say, which a search finds too
    "horizontal_flip": "mirror mirroring", "vertical_flip": "upside down",
    "global_clipnorm": "clip", "rotation": "rotate turn",
}  # fmt: skip
IN_A_ROW = 3
MODELS = ("network", "model")
LAYERS = [  # that need no argument; any other is typed, with its arguments
    "keras_cv.RandAugment", "keras_cv.AugMix", "keras_cv.GridMask", "keras_cv.ChannelShuffle", "keras.RandomErasing",
    "keras.RandomGrayscale", "keras.RandomPerspective", "keras.RandomElasticTransform",
]  # fmt: skip


def ask_settings(project: Project, answer: Answer, topics: Sequence[str]) -> str:
    """Draw the settings of a topic, or those that a search finds.

    Args:
        project: Whose run it will be.
        answer: What the settings are without a change.
        topics: Those of `TOPICS` to choose from.

    Returns:
        The topic that is open; empty while a search is.
    """
    word = st.text_input("Find a setting", placeholder="such as learning rate, flip, or early stopping").strip()
    topic = "" if word else st.pills("Topic", topics, default="usual", format_func=TOPICS.get, key="topic") or "usual"
    found = matching(word) if word else of_topic(topic)
    if not found:
        st.info(f"No setting has “{plain(word)}” in its name or its sentence. Try another word, such as rate or color.")
    for start in range(0, len(found), IN_A_ROW):
        for column, setting in zip(st.columns(IN_A_ROW), found[start : start + IN_A_ROW], strict=False):
            with column:
                ask_one(project, answer, setting)
    return topic


def offer_undo(project: Project) -> None:
    """The way back to what the answer has; the button is always there, for a new one would move what is below it."""
    unchanged = not changes(project)
    if st.button("Undo all changes", icon=":material/undo:", type="tertiary", disabled=unchanged):
        changes(project).clear()
        for key in [key for key in st.session_state if str(key).startswith("setting ")]:
            del st.session_state[key]
        st.rerun()


def every_setting() -> list[Setting]:
    """Those that a run of a project can be given."""
    return [setting for setting in config_form.settings(TrainConfig) if setting.path not in ASKED_APART]


def matching(word: str) -> list[Setting]:
    """The settings that have all words in their name, topic, sentence or choices, or are also called so."""
    words = word.lower().split()

    def text(setting: Setting) -> str:
        topic = TOPICS.get(setting.path[0], "")
        choices = " ".join(str(choice).replace("_", " ") for choice in get_args(setting.kind) if choice is not None)
        field = setting.path[-1]
        names = f"{config_form.label_of(setting)} {field.replace('_', ' ')} {ALSO_CALLED.get(field, '')}"
        return f"{names} {topic} {config_form.help_of(setting)} {choices}".lower()

    return [setting for setting in every_setting() if all(each in text(setting) for each in words)]


def of_topic(topic: str) -> list[Setting]:
    """The settings of a topic; those of the augmentation have sliders of their own."""
    if topic == "usual":
        by_path = {setting.path: setting for setting in every_setting()}
        return [by_path[path] for path in USUAL]
    if topic == "augmentation":
        return [setting for setting in every_setting() if setting.path in OF_AUGMENTATION]
    return [setting for setting in every_setting() if setting.path[0] == topic]


def ask_one(project: Project, answer: Answer, setting: Setting) -> None:
    """Draw a setting, and keep what the user makes of it."""
    base = answer.settings.get(setting.path, setting.default)
    shown = changes(project).get(setting.path, base)
    key = f"setting {answer.name} {'.'.join(setting.path)}"
    names = {"auto": "auto: what suits the images"}
    value = config_form.ask(replace(setting, default=shown), _suggestions(setting.path), names, key)
    note(project, setting.path, value, base)


def _suggestions(path: Place) -> list[str]:
    if path == MODELS:
        return ["auto", *(ask_worker("models.names") or [])]
    if path == ("input", "augmentation_layers"):
        return LAYERS
    return ["auto", "imagenet", "none"] if path == ("network", "weights") else []
