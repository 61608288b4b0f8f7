"""Which fields of a config a search tries, and with which values."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, get_args, get_type_hints

from imgcls.config import AUTO, NumberOrAuto, TrainConfig, WholeOrAuto, applies
from imgcls.nearest_name import did_you_mean
from imgcls.workflow.field_values import read_value

SECTIONS = ("input", "augmentation", "balance", "network", "training")
OR_AUTO = (WholeOrAuto, NumberOrAuto)  # kinds of numbers, of which 0 stands for auto
OF_THE_IMAGES = ("data", "overlay", "task", "validation_size", "test_size", "folds", "fold", "seed")
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
        return as_text(self.values, self.continuous)

    def suggest(self, trial: Trial) -> Any:
        """The value that the search tries next."""
        if not self.continuous:
            return trial.suggest_categorical(self.name, self.values)
        least, most = self.values
        logarithmic = least > 0 and most / least > LOG_RANGE
        if isinstance(least, int):
            return trial.suggest_int(self.name, least, most, log=logarithmic)
        return trial.suggest_float(self.name, least, most, log=logarithmic)


def as_text(values: Sequence[Any], continuous: bool) -> str:
    """Values as --search has them; a whole number is written alike as int and as float."""
    return (":" if continuous else ",").join(f"{v:.12g}" if isinstance(v, float) else str(v) for v in values)


def check_space(texts: Sequence[str], base: TrainConfig) -> list[Range]:
    """The ranges that --search names, each of whose values the config takes.

    Raises:
        ValueError: If there are none, if one is named twice, or if the config refuses a value; now and not after an
            hour.
    """
    space = [parse_range(text) for text in texts]
    if not space:
        raise ValueError("--search names nothing that is searched; for example: --search learning_rate=1e-4:1e-2")
    names = [each.name for each in space]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"--search names {twice[0]} twice; give it all its values at once.")
    first = {each.name: each.values[0] for each in space}
    for each in space:
        for value in each.values:
            with_values(base, {**first, each.name: value}, space)
    return space


def parse_range(text: str) -> Range:
    """What "learning_rate=1e-4:1e-2" or "optimizer=adamw,sgd" says.

    Raises:
        ValueError: If there is no such field, or if it does not take the values.
    """
    name, equals, value = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    places = {f.name: section for section in SECTIONS for f in dataclasses.fields(_section(section))}
    if name not in places or not equals or not value:
        raise ValueError(
            f"--search {text!r} names no field and its values, such as learning_rate=1e-4:1e-2."
            + did_you_mean(name, places)
        )
    if name in OF_THE_IMAGES:
        raise ValueError(
            f"--search {text!r}: {name} changes which images the trials are judged on, so they could not be compared."
        )
    kind = get_type_hints(_section(places[name]), include_extras=True)[name]
    continuous = ":" in value and _is_number(kind)
    try:
        values = tuple(read_value(part.strip(), kind) for part in value.split(":" if continuous else ","))
    except ValueError as error:
        raise ValueError(f"--search {text!r}: {error}") from error
    if continuous and (len(values) != 2 or not values[0] < values[1]):  # type: ignore[operator]
        raise ValueError(f"--search {text!r} is no range; expected least:most, two numbers.")
    if continuous and kind in OR_AUTO and AUTO in values:
        raise ValueError(
            f"--search {text!r}: a range has no auto, which 0 stands for; name it among values with commas."
        )
    return Range(places[name], name, values, continuous)


def _section(name: str) -> type:
    return type(getattr(TrainConfig(), name))


def _is_number(kind: Any) -> bool:
    return kind in OR_AUTO or bool({int, float} & {kind, *get_args(kind)})


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
