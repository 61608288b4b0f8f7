"""The fields of a `TrainConfig` by their names alone, whatever section they stand in."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from imgcls.config import TrainConfig
from imgcls.nearest_name import did_you_mean


def flat(config: TrainConfig) -> dict[str, Any]:
    """Every field of a config by its name, as flags have them.

    Example:
        >>> flat(TrainConfig())["epochs"]
        30
    """
    values: dict[str, Any] = {}
    for each in dataclasses.fields(config):
        value = getattr(config, each.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            values.update({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
        else:
            values[each.name] = value
    return values


def with_options(config: TrainConfig, options: Mapping[str, Any]) -> TrainConfig:
    """The config with other values for the fields that `options` names.

    Raises:
        TypeError: If there is no such field; the sentence has the nearest name.
        ValueError: If the config refuses a value.

    Example:
        >>> with_options(TrainConfig(), {"epochs": 3, "model": "lenet5"}).training.epochs
        3
    """
    check_names(options)
    changed: dict[str, Any] = {}
    for each in dataclasses.fields(config):
        section = getattr(config, each.name)
        if not dataclasses.is_dataclass(section) or isinstance(section, type):
            changed |= {each.name: options[each.name]} if each.name in options else {}
            continue
        own = {field.name: options[field.name] for field in dataclasses.fields(section) if field.name in options}
        if own:
            changed[each.name] = dataclasses.replace(section, **own)
    return dataclasses.replace(config, **changed)


def check_names(options: Mapping[str, Any]) -> None:
    """Raise TypeError for the first name that no field of a config has."""
    known = flat(TrainConfig())
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known) or " `imgcls.config.TrainConfig` has them all."
            raise TypeError(f"There is no option {name!r}.{hint}")
