"""A form made from a config."""

import sys
import types
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
import pytest
from parts import config_form
from streamlit.testing.v1 import AppTest

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.task import settle_task


@dataclass(frozen=True)
class Oven:
    heat: float = 0.02  # share of the most
    fan: bool = False
    trays: tuple[int, ...] = (1, 2)  # from above


@dataclass(frozen=True)
class Recipe:
    cake: Literal["plum", "apple"] = "apple"  # what is baked # and eaten
    oven: Oven = field(default_factory=Oven)
    fillings: tuple[str, ...] = ("jam",)  # from below

    def __post_init__(self):
        if self.cake == "plum" and self.oven.fan:
            raise ValueError("plum wants no fan")


def test_every_field_of_the_config_is_in_the_form_with_its_comment_as_help():
    settings = config_form.settings(TrainConfig)
    assert ("training", "learning_rate") in [setting.path for setting in settings]
    assert [setting.path for setting in settings if not setting.help] == []
    assert config_form.make(TrainConfig, {setting.path: setting.default for setting in settings}) == TrainConfig()


def test_a_field_that_nobody_thought_of_gets_a_widget():
    def script():
        import streamlit as st
        from parts import config_form
        from recipe import Recipe

        st.session_state["made"] = config_form.make(
            Recipe, {setting.path: config_form.ask(setting) for setting in config_form.settings(Recipe)}
        )

    sys.modules["recipe"] = types.SimpleNamespace(Recipe=Recipe)
    try:
        form = AppTest.from_function(script, default_timeout=60).run()
        assert form.session_state["made"] == Recipe()
        assert form.selectbox[0].options == ["plum", "apple"]
        assert form.selectbox[0].help == "What is baked # and eaten"
        form.selectbox[0].set_value("plum")
        form.number_input[0].set_value(0.5)
        form.multiselect[0].options.append("cream")  # as if it was typed
        form.multiselect[0].set_value(["jam", "cream"])
        form.text_input[0].set_value("[3]").run()
        assert form.session_state["made"] == Recipe("plum", Oven(0.5, False, (3,)), ("jam", "cream"))
    finally:
        del sys.modules["recipe"]


def test_a_rate_that_may_be_auto_moves_in_steps_of_a_rate():
    def script():
        from parts import config_form

        from imgcls.config import TrainingConfig

        for setting in config_form.settings(TrainingConfig):
            if setting.path == ("learning_rate",):
                config_form.ask(setting)

    field = AppTest.from_function(script, default_timeout=60).run().number_input[0]
    assert (field.value, field.step) == (0.0, 0.001)


def test_the_config_checks_its_values():
    with pytest.raises(ValueError, match="no fan"):
        config_form.make(Recipe, {("cake",): "plum", ("oven", "fan"): True})


@pytest.mark.parametrize(
    ("several", "said"),
    [
        (True, "Choose “Task” auto or multi label under Images to learn all classes of each image, or give each image "
               "one class on the page Data."),
        (False, "Choose “Task” auto or multi label under Images, or give these images a class, or leave them out, on "
                "the page Data."),
    ],
)  # fmt: skip
def test_labels_that_are_not_one_class_an_image_are_refused_with_what_a_page_can_do(several, said):
    labels = [["cat"], ["cat", "dog"] if several else []]
    rows = pd.DataFrame({"image": ["a.png", "b.png"], "labels": labels})
    with pytest.raises(ValueError, match="import the labels again") as refused:
        settle_task("single_label", Manifest.from_records(rows, "photos"))
    assert config_form.worded(str(refused.value)).endswith(f"a classifier of one label gives one. {said}")


@pytest.mark.parametrize("run", ["projects/f/runs/run-1", "'my projects/a manifest/runs/run-1'"])
def test_how_a_run_goes_on_is_said_with_the_button_and_not_with_a_command(run):
    command = f"python -m imgcls.train --resume {run}"
    assert config_form.worded(f"Its checkpoint is whole; make room, then: {command}") == (
        "Its checkpoint is whole; make room, then press “Go on”."
    )
    good = "The loss is nan. Go on from its last good checkpoint, of step 8"
    assert config_form.worded(f"{good}: {command} --learning-rate 0.0003") == (
        "The loss is nan. “Go on” begins from its last good checkpoint, of step 8; if it ends like this again, train a "
        "new run with the “Learning rate” 0.0003."
    )


def test_words_in_a_path_stay():
    for path in ("runs/run-2/manifest.parquet", "manifest.parquet", "a/manifest/b.png", "my-manifest", "a--old/b.png"):
        assert config_form.worded(f"{path} cannot be read. It is no manifest.") == (
            f"{path} cannot be read. It is no table of images."
        )


def test_sentences_name_fields_as_the_page_does():
    assert config_form.worded("--batch-size 8 has no 3 parts for --gradient-accumulation-steps.") == (
        "“Batch size” 8 has no 3 parts for “Gradient accumulation steps”."
    )
    assert (
        config_form.worded("blocks that --plan last_blocks fine-tunes") == "blocks that “Plan” last blocks fine-tunes"
    )
    assert config_form.worded("a Keras model, --model my_net.keras. `python -m imgcls.models` lists others") == (
        "a Keras model, “Model” my_net.keras. The page Learn lists others"
    )
    assert [each.path for each in config_form.settings(TrainConfig) if "--" in (config_form.help_of(each) or "")] == []
