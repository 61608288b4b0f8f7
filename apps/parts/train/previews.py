"""What settings do, shown on the project's own images: augmentation, whitening, and the balance of classes."""

import html
from base64 import b64encode

import pandas as pd
import streamlit as st
from projects.project import Project
from projects.versions import file_of_version
from worker.client import call

from imgcls.cli.flags import Setting
from imgcls.config import TrainConfig
from parts import config_form
from parts.charts import balance_effect
from parts.errors import explained
from parts.train.drawer import every_setting
from parts.train.facts import Facts
from parts.train.state import changes, note, preset_value

WAIT = "Drawing the images. The first time, this takes some seconds."
IN_A_ROW = 3
STEPS = (0.01, 0.1, 1.0)  # of sliders
MOST_STEPS = 400  # from one end of a slider to the other
BALANCES = {  # what each way does, in a sentence
    "none": "Nothing is done: each class counts by the number of its images.",
    "weights": "A mistake on a rare class counts more, so that all classes count the same.",
    "effective_number": "A mistake on a rare class counts more, the less its images repeat each other.",
    "batch": "Every batch has as many images of each class; those of rare classes come more often.",
    "sample": "Images of rare classes come more often, but not as often as those of the largest.",
    "augment": "Images of rare classes come more often, each time changed more strongly than others.",
    "logits": "The counts stay; the scores are corrected for the shares of the classes while the network learns.",
}


def show_augmentation(project: Project, version: int, config: TrainConfig) -> None:
    """Sliders for each parameter, and what training would see of some images."""
    settings = [setting for setting in every_setting() if setting.path[0] == "augmentation"]
    with st.expander("Sliders: how strongly images are changed", icon=":material/tune:", expanded=True):
        for start in range(0, len(settings), IN_A_ROW):
            for column, setting in zip(st.columns(IN_A_ROW), settings[start : start + IN_A_ROW], strict=False):
                with column:
                    _slide(project, config, setting)
    with st.container(horizontal=True):
        drawn = st.toggle("Show it on your images", key="sheet")
        everything = st.toggle("Each step and each preset", key="whole sheet", disabled=not drawn)
    if drawn:
        own = {path[1]: value for path, value in changes(project).items() if path[0] == "augmentation"}
        _draw("augmentation.sheet", project, version, image_size=config.input.image_size,
              preset=config.input.augmentation, own=own, layers=config.input.augmentation_layers,
              everything=everything and drawn)  # fmt: skip


def _slide(project: Project, config: TrainConfig, setting: Setting) -> None:
    fields = type(config.augmentation).__dataclass_fields__
    facts = fields[setting.path[1]].metadata
    kind = int if isinstance(facts["neutral"], int) else float
    low, high = (kind(end) for end in facts["range"])
    base = kind(preset_value(config, setting.path[1], facts["neutral"]))
    key = f"setting slider {config.input.augmentation} {setting.path[1]}"
    st.session_state.setdefault(key, kind(changes(project).get(setting.path, base)))
    label, tip = config_form.label_of(setting), config_form.help_of(setting)
    note(project, setting.path, st.slider(label, low, high, step=step_of(low, high), help=tip, key=key), base)


def step_of(low: float, high: float) -> float:
    """By how much an arrow key moves a slider: the finest step that has not too far to go from end to end.

    Example:
        >>> step_of(0.0, 1.0), step_of(0.0, 180.0), step_of(0, 6)
        (0.01, 1.0, 1)
    """
    if isinstance(low, int):
        return 1
    return next(step for step in STEPS if high - low <= MOST_STEPS * step)


def show_whitening(project: Project, version: int, config: TrainConfig) -> None:
    """Some images before and after whitening, once it is chosen."""
    kind = config.input.whitening
    if kind == "none":
        st.caption("To see images before and after whitening, choose a kind of whitening above.")
    elif st.toggle("Show whitening before and after", key="whitening"):
        _draw("augmentation.whitening", project, version, image_size=config.input.image_size,
              color=config.input.color, kind=kind, epsilon=config.input.whitening_epsilon)  # fmt: skip


def show_balance(config: TrainConfig, facts: Facts) -> None:
    """What balancing makes of the classes' counts."""
    asked = {name: value for name, value in vars(config.balance).items() if value is not None}
    names = list(facts.counts)
    with explained(), st.spinner("Counting. The first time, this takes some seconds."):
        way, counted = call("balance.effect", counts=list(facts.counts.values()), settings=asked, several=facts.several)
        st.write(f"**{config_form.name_of(way)}**: {BALANCES[way]}")
        table = pd.DataFrame({"training images": list(facts.counts.values()), "counts as": counted}, index=names)
        st.altair_chart(balance_effect(table), key="balance")
        with st.expander("As a table"):
            st.dataframe(table.rename_axis("class").round(1))


def _draw(name: str, project: Project, version: int, **settings: object) -> None:
    with explained(), st.spinner(WAIT):
        rows = call(name, manifest=str(file_of_version(project, version)), **settings)
        for title, images in rows:
            st.caption(title)
            drawn = "".join(_drawn(f"{title}, image {n + 1}", image) for n, image in enumerate(images))
            st.html(f'<div style="display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px">{drawn}</div>')


def _drawn(title: str, png: bytes) -> str:
    style = "width: 100%; max-width: 220px; image-rendering: pixelated"
    return f'<img alt="{html.escape(title)}" style="{style}" src="data:image/png;base64,{b64encode(png).decode()}">'
