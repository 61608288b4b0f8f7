"""What a text means as the value of a field of a config: a number, a choice, true or false, or itself."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from imgcls.config import AUTO, NumberOrAuto, WholeOrAuto
from imgcls.nearest_name import did_you_mean

TRUTHS = {"true": True, "false": False}


def read_value(text: str, kind: Any) -> int | float | str | bool:
    """The value of a text.

    Args:
        text: As a user types it.
        kind: The type of the field, as its annotation has it.

    Raises:
        ValueError: If the field does not take it; the sentence says what it takes.

    Example:
        >>> read_value("1e-2", float), read_value("True", bool), read_value("sgd", Literal["adamw", "sgd"])
        (0.01, True, 'sgd')
    """
    if kind is WholeOrAuto:
        return AUTO if text == "auto" else _number(text, int, "auto or a whole number")
    if kind is NumberOrAuto:
        return float(AUTO) if text == "auto" else _number(text, float, "auto or a number")
    kind = _without_none(kind)
    if get_origin(kind) is Literal:
        if text not in (choices := get_args(kind)):
            raise ValueError(f"{text!r} is none of {', '.join(choices)}.{did_you_mean(text, choices)}")
        return text
    if kind is bool:
        if text.lower() not in TRUTHS:
            raise ValueError(f"{text!r} is neither true nor false.")
        return TRUTHS[text.lower()]
    if kind in (int, float):
        return _number(text, kind, "a whole number" if kind is int else "a number")
    if kind is str and text:
        return text
    raise ValueError(f"{text!r} cannot be a value of it.")


def _number(text: str, kind: type[int] | type[float], what: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is no value; expected {what}.") from None


def _without_none(kind: Any) -> Any:
    parts = [each for each in get_args(kind) if each is not NoneType]
    return parts[0] if get_origin(kind) in (Union, UnionType) and len(parts) == 1 else kind
