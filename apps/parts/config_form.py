"""A form made from the dataclasses of a config, so that a new field appears in it by itself."""

import dataclasses
import math
import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st
import tomli_w
from projects.wording import in_words

from imgcls.cli.flags import Place, Setting, settings
from parts.plain import plain

__all__ = ["ask", "help_of", "label_of", "make", "name_of", "settings", "worded"]

NOT_SET = "not set"
USUAL_RATE = 0.003  # of the numbers that may be auto, the one with a point
ACRONYMS = {  # words that are not written as the fields have them
    "ema": "EMA", "xla": "XLA", "mlflow": "MLflow", "pca": "PCA", "jpeg": "JPEG", "randaugment": "RandAugment",
    "augmix": "AugMix", "gridmask": "GridMask", "mixup": "MixUp", "cutmix": "CutMix",
    "clipnorm": "gradient clipping norm", "init": "start", "nesterov": "Nesterov",
}  # fmt: skip
NAMES = {  # of fields whose own words say too little
    "pixel_dtype": "Number format of the pixels",
    "whitening_epsilon": "Smoothing of the whitening",
}
OF_ZERO = re.compile(r"(?<![\w.])0(?: or auto)?: ([^;]+)")  # in a comment: what 0 stands for
FLAG = re.compile(r"\B--(no-)?([a-z][a-z0-9-]+)(?: ([a-z0-9]+_[a-z0-9_]+|[a-z]+(?=[,;)]|\.(?!\w)))(?![\w/]|\.\w))?")


def ask(
    setting: Setting, suggestions: Sequence[str] = (), names: Mapping[str, str] | None = None, key: str = ""
) -> Any:
    """Draw the widget of a setting.

    Args:
        setting: The field; the widget begins with its default.
        suggestions: Values of a text that can be chosen; another one can be typed.
        names: What a suggestion is called on the page.
        key: Of the widget; by default the path of the field. What st.session_state has of it is what the widget shows.

    Returns:
        What the widget holds.
    """
    key = key or ".".join(setting.path)
    kind, may_be_none = _without_none(setting.kind)
    if typing.get_origin(kind) is Literal:
        return _ask_choice(setting, key)
    if kind in (int, float):
        return _ask_number(setting, key)
    look = {"label": label_of(setting), "help": help_of(setting), "key": key}
    if kind is bool:
        st.session_state.setdefault(key, setting.default)
        if may_be_none:
            words = {True: "yes", False: "no"}
            return st.selectbox(**look, options=list(words), index=None, placeholder=NOT_SET, format_func=words.get)
        return st.checkbox(**look)
    if kind == tuple[str, ...]:
        return _ask_texts(setting, key, suggestions)
    if kind is not str:
        return _ask_as_toml(setting, key)
    if suggestions:
        return _ask_suggested(setting, key, list(suggestions), names or {})
    st.session_state.setdefault(key, setting.default or "")
    typed = st.text_input(**look, placeholder=NOT_SET if setting.default is None else None).strip()
    return typed or setting.default if setting.default is None else typed


def _ask_choice(setting: Setting, key: str) -> Any:
    kind, may_be_none = _without_none(setting.kind)
    choices = typing.get_args(kind)
    st.session_state.setdefault(key, setting.default)
    return st.selectbox(
        label_of(setting),
        choices,
        index=None if may_be_none else 0,
        placeholder=NOT_SET,
        format_func=lambda value: str(value).replace("_", " "),
        help=help_of(setting),
        key=key,
    )


def _ask_number(setting: Setting, key: str) -> Any:
    kind, may_be_none = _without_none(setting.kind)
    default = setting.default
    usual = default or (USUAL_RATE if setting.may_be_auto else default)
    small = kind is float and usual is not None and usual > 0
    step = 10.0 ** math.floor(math.log10(usual)) if small else 0.1 if may_be_none else 0.01
    st.session_state.setdefault(key, default)
    value = st.number_input(
        label_of(setting),
        value=None if may_be_none else "min",
        placeholder=NOT_SET,
        step=1 if kind is int else step,
        format="%d" if kind is int else "%g",
        help=help_of(setting),
        key=key,
    )
    if of_zero := OF_ZERO.search(worded(setting.help)):
        auto = "chosen by itself, " if setting.may_be_auto else ""
        st.caption(f"0: {auto}{plain(of_zero[1])}")
    return value


def _ask_suggested(setting: Setting, key: str, suggestions: list[str], names: Mapping[str, str]) -> str:
    st.session_state.setdefault(key, setting.default)
    if st.session_state[key] not in suggestions:
        suggestions.insert(0, st.session_state[key])
    return st.selectbox(
        label_of(setting),
        suggestions,
        accept_new_options=True,
        format_func=lambda value: names.get(value, value),
        help=help_of(setting),
        key=key,
    ).strip()


def _ask_texts(setting: Setting, key: str, suggestions: Sequence[str]) -> tuple[str, ...]:
    """Several texts, each of which is typed and ended by Enter, or chosen."""
    st.session_state.setdefault(key, list(setting.default))
    chosen = st.multiselect(
        label_of(setting),
        list(dict.fromkeys([*st.session_state[key], *suggestions])),
        accept_new_options=True,
        placeholder="none; type one, then Enter",
        select_all=False,  # it would be what Enter chooses
        help=help_of(setting),
        key=key,
    )
    return tuple(text.strip() for text in chosen)


def label_of(setting: Setting) -> str:
    """What a field is called on a page."""
    return name_of(setting.path[-1])


def name_of(field: str) -> str:
    """What a field, or one of its values, is called on a page.

    Args:
        field: As the config has it, such as ema_momentum.
    """
    words = NAMES.get(field) or " ".join(ACRONYMS.get(word, word) for word in field.split("_"))
    return words[:1].upper() + words[1:]


def help_of(setting: Setting) -> str | None:
    """The sentence at a field, without the flags of the command line."""
    text = worded(setting.help)
    return text[:1].upper() + text[1:] or None


def worded(sentence: str) -> str:
    """A sentence of the command line as the page says it: a flag becomes the name of its field, without commands."""

    def name(found: re.Match) -> str:
        said = f"“{name_of(found[2].replace('-', '_'))}”"
        return f"{said} {found[3].replace('_', ' ')}" if found[3] else said

    return in_words(FLAG.sub(name, sentence))


def _without_none(kind: Any) -> tuple[Any, bool]:
    """A type without its None, and whether it had one."""
    arguments = typing.get_args(kind)
    if type(None) not in arguments:
        return kind, False
    return next(argument for argument in arguments if argument is not type(None)), True


def _ask_as_toml(setting: Setting, key: str) -> Any:
    """Every other kind is typed as TOML writes it, such as ["a", "b"]."""
    st.session_state.setdefault(key, tomli_w.dumps({"value": setting.default}).removeprefix("value = ").strip())
    text = st.text_input(label_of(setting), help=f"{help_of(setting) or ''} (as TOML)".strip(), key=key)
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{label_of(setting)} is {text!r}, which is no TOML value ({error}).") from error
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
