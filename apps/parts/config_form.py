"""A form made from the dataclasses of a config, so that a new field appears in it by itself."""

import dataclasses
import math
import tomllib
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st
import tomli_w

from imgcls.cli.flags import Place, Setting, settings

__all__ = ["ask", "make", "settings"]

NOT_SET = "not set"


def ask(setting: Setting, suggestions: Sequence[str] = (), names: Mapping[str, str] | None = None) -> Any:
    """Draw the widget of a setting.

    Args:
        setting: The field.
        suggestions: Values of a text that can be chosen; another one can be typed.
        names: What a suggestion is called on the page.

    Returns:
        What the widget holds.
    """
    label, tip, default = _label(setting), setting.help[:1].upper() + setting.help[1:] or None, setting.default
    kind, may_be_none = _without_none(setting.kind)
    key = ".".join(setting.path)
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if may_be_none:
            return st.selectbox(label, choices, None, placeholder=NOT_SET, help=tip, key=key)
        return st.selectbox(label, choices, choices.index(default), help=tip, key=key)
    if may_be_none and kind in (int, float):
        return st.number_input(label, value=None, placeholder=NOT_SET, format="%g", step=0.1, help=tip, key=key)
    if may_be_none and kind is str:
        return st.text_input(label, "", placeholder=NOT_SET, help=tip, key=key).strip() or None
    if kind is bool:
        return st.checkbox(label, default, help=tip, key=key)
    if kind is int:
        return st.number_input(label, value=default, step=1, help=tip, key=key)
    if kind is float:
        step = 10.0 ** math.floor(math.log10(default)) if default > 0 else 0.01
        return st.number_input(label, value=default, step=step, format="%g", help=tip, key=key)
    if kind is str and suggestions:
        return st.selectbox(
            label,
            suggestions,
            accept_new_options=True,
            format_func=lambda value: (names or {}).get(value, value),
            help=tip,
            key=key,
        ).strip()
    if kind is str:
        return st.text_input(label, default, help=tip, key=key).strip()
    return _ask_as_toml(setting, key)


def _label(setting: Setting) -> str:
    return setting.path[-1].replace("_", " ").capitalize()


def _without_none(kind: Any) -> tuple[Any, bool]:
    """A type without its None, and whether it had one."""
    arguments = typing.get_args(kind)
    if type(None) not in arguments:
        return kind, False
    return next(argument for argument in arguments if argument is not type(None)), True


def _ask_as_toml(setting: Setting, key: str) -> Any:
    """Every other kind is typed as TOML writes it, such as ["a", "b"]."""
    text = st.text_input(
        _label(setting),
        tomli_w.dumps({"value": setting.default}).removeprefix("value = ").strip(),
        help=f"{setting.help} (as TOML)".strip(),
        key=key,
    )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{_label(setting)} is {text!r}, which is no TOML value ({error}).") from error
    return tuple(value) if isinstance(setting.default, tuple) else value


def make(config_class: type, values: Mapping[Place, Any], path: Place = ()) -> Any:
    """The config that holds these values; fields without one keep their defaults.

    Args:
        config_class: A dataclass of `imgcls.config`.
        values: By the path of the field.
        path: Where the class stands in the whole config.

    Raises:
        ValueError: A value is out of range.
    """
    kinds, given = typing.get_type_hints(config_class), {}
    for field in dataclasses.fields(config_class):
        place = (*path, field.name)
        if dataclasses.is_dataclass(kinds[field.name]):
            given[field.name] = make(kinds[field.name], values, place)
        elif place in values:
            given[field.name] = values[place]
    return config_class(**given)
