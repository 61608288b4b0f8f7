"""Which fields of a config a search tries, and with which values."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from imgcls.config import TrainConfig, applies
from imgcls.nearest_name import did_you_mean

SECTIONS = ("input", "augmentation", "balance", "network", "training")
LOG_RANGE = 10.0  # ends of a range with a larger factor between them are searched on a logarithmic scale


class Trial(Protocol):
    """What of `optuna.Trial` is used here."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number."""


@dataclass(frozen=True)
class Range:
    """The values of one field that a search tries.

    Attributes:
        section: Of the config that has the field, such as "training".
        name: Of the field.
        values: The choices, or the two ends if `continuous`.
        continuous: Whether everything between the ends is tried too.
    """

    section: str
    name: str
    values: tuple[Any, ...]
    continuous: bool

    @property
    def text(self) -> str:
        """The values as --search has them."""
        return (":" if self.continuous else ",").join(map(str, self.values))

    def suggest(self, trial: Trial) -> Any:
        """The value that the search tries next."""
        if not self.continuous:
            return trial.suggest_categorical(self.name, self.values)
        least, most = self.values
        logarithmic = least > 0 and most / least > LOG_RANGE
        if isinstance(least, int):
            return trial.suggest_int(self.name, least, most, log=logarithmic)
        return trial.suggest_float(self.name, least, most, log=logarithmic)


def check_space(texts: Sequence[str], base: TrainConfig) -> list[Range]:
    """The ranges that --search names, each of whose ends the config takes.

    Raises:
        ValueError: If there are none, or if the config refuses one; now and not after an hour.
    """
    space = [parse_range(text) for text in texts]
    if not space:
        raise ValueError("--search names nothing that is searched; for example: --search learning_rate=1e-4:1e-2")
    for end in (0, -1):
        with_values(base, {each.name: each.values[end] for each in space}, space)
    return space


def parse_range(text: str) -> Range:
    """What "learning_rate=1e-4:1e-2" or "optimizer=adamw,sgd" says. Raises ValueError if there is no such field."""
    name, equals, value = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    places = {f.name: section for section in SECTIONS for f in dataclasses.fields(_section(section))}
    if name not in places or not equals or not value:
        raise ValueError(
            f"--search {text!r} names no field and its values, such as learning_rate=1e-4:1e-2."
            + did_you_mean(name, places)
        )
    continuous = ":" in value
    values = tuple(_number(part) for part in value.split(":" if continuous else ","))
    numbers = [value for value in values if not isinstance(value, str)]
    if continuous and (len(values) != 2 or len(numbers) != 2 or not numbers[0] < numbers[1]):
        raise ValueError(f"--search {text!r} is no range; expected least:most, two numbers.")
    if continuous and float in map(type, values):
        values = tuple(map(float, values))
    return Range(places[name], name, values, continuous)


def _section(name: str) -> type:
    return type(getattr(TrainConfig(), name))


def _number(text: str) -> int | float | str | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def with_values(config: TrainConfig, values: dict[str, Any], ranges: list[Range]) -> TrainConfig:
    """The config with these values in their sections, but for those that mean nothing beside the others.

    Raises ValueError, as the config does, if one cannot be.
    """
    for section in sorted({r.section for r in ranges}):
        part = getattr(config, section)
        found = {r.name: values[r.name] for r in ranges if r.section == section}
        settings = {**dataclasses.asdict(part), **found}
        config = replace(config, **{section: replace(part, **{n: v for n, v in found.items() if applies(n, settings)})})
    return config
