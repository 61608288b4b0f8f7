"""A config as a file: what is written comes back, and what is wrong in it is named."""

import dataclasses

import pytest

from imgcls.config import (
    AugmentationConfig,
    BalanceConfig,
    InputConfig,
    LabelsConfig,
    NetworkConfig,
    TrainConfig,
    TrainingConfig,
)
from imgcls.config_file import RENAMED, load_toml, save_toml

SECTIONS = (InputConfig, AugmentationConfig, BalanceConfig, NetworkConfig, TrainingConfig)


def test_a_config_comes_back_from_its_file(tmp_path):
    config = TrainConfig(
        input=InputConfig(data="photos", image_size=96),
        augmentation=AugmentationConfig(rotation=10.0, randaugment=2),
        balance=BalanceConfig(balance="sample", balance_exponent=0.3),
        network=NetworkConfig(dropout=0.5, activation="elu", normalization="group"),
        training=TrainingConfig(learning_rate=1.0),
        name="a",
    )
    save_toml(config, tmp_path / "config.toml")
    assert load_toml(tmp_path / "config.toml") == config


def test_what_the_file_does_not_name_keeps_its_default(tmp_path):
    (tmp_path / "config.toml").write_text("[training]\nepochs = 3\nlearning_rate = 1\n")
    config = load_toml(tmp_path / "config.toml")
    assert config == dataclasses.replace(TrainConfig(), training=TrainingConfig(epochs=3, learning_rate=1.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[trainin]\n", "Did you mean 'training'"),
        ("[training]\nepoch = 1\n", "Did you mean 'epochs'"),
        ("[training]\nepochs = '3'\n", "epochs"),
        ("[training]\nepochs = 0\n", "--epochs is 0"),
        ("[network]\nplan = 'some'\n", "plan"),
        ("training = 1\n", "expected a section"),
        ("training", "no TOML"),
        ("[training]\naccumulate = 2\npatience = 3\n", "gradient_accumulation_steps; patience is now early_stopping_p"),
        ("[augmentation]\ncrop = 0.9\n", "crop is now crop_scale, the smallest share of the area"),
        ("[input]\ncolor = 'grey'\n", 'color "grey" is now "grayscale"'),
    ],
)
def test_a_wrong_file_is_refused_with_the_field(tmp_path, text, said):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ValueError, match=said):
        load_toml(tmp_path / "config.toml")


def test_every_name_of_before_leads_to_a_field_of_today():
    names = {name for section in (LabelsConfig, *SECTIONS) for name in section.__dataclass_fields__}
    assert {new.partition(",")[0] for new in RENAMED.values()} <= names
    assert not set(RENAMED) & {name for section in SECTIONS for name in section.__dataclass_fields__}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        load_toml(tmp_path / "none.toml")
