"""A layer of another package as text, such as `keras_cv.RandAugment(magnitude=0.3)`: read, and never evaluated."""

import ast
from dataclasses import dataclass, field
from typing import Any

from imgcls.nearest_name import did_you_mean

PACKAGES = ("keras_cv", "keras")
QUOTES = "\"'"
LONGEST = 2000  # characters


@dataclass(frozen=True)
class NamedLayer:
    """What a text says of a layer.

    Attributes:
        package: `keras_cv` or `keras`, whose `layers` hold it.
        name: Of the class.
        positional: Arguments without a name: literals, other layers, and lists of both.
        named: Arguments by their names.
    """

    package: str
    name: str
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.package}.{self.name}"


def parse_layer(text: str) -> NamedLayer:
    """Read a layer from text.

    Args:
        text: The name, with or without arguments in parentheses. Arguments are literals or layers. Quotes around it,
            as a shell needs them, are left out.

    Raises:
        ValueError: The text is no such name, in one sentence.

    Example:
        >>> layer = parse_layer("keras_cv.RandomApply(keras.RandomHue(factor=0.2), rate=0.3)")
        >>> str(layer), str(layer.positional[0]), layer.named
        ('keras_cv.RandomApply', 'keras.RandomHue', {'rate': 0.3})
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has {len(text)} characters, and {LONGEST} are allowed")
        return _layer(ast.parse(text.strip().strip(QUOTES), mode="eval").body)
    except SyntaxError as error:
        raise _no_layer(text, error.msg) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _no_layer(text, str(error)) from error


def _no_layer(text: str, why: str) -> ValueError:
    shown = text if len(text) <= 100 else f"{text[:100]}..."
    return ValueError(
        f"{shown!r} names no augmentation layer: {why}. Expected a name of keras_cv or keras, with literals as "
        'arguments, such as keras_cv.RandAugment or "keras_cv.RandAugment(magnitude=0.3)".'
    )


def _layer(node: ast.expr) -> NamedLayer:
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    words = ast.unparse(call.func).split(".")
    if len(words) == 3 and words[1] == "layers":
        del words[1]
    if len(words) != 2 or words[0] not in PACKAGES or not words[1].isidentifier():
        hint = did_you_mean(words[0], PACKAGES) if len(words) == 2 else ""
        raise ValueError(f"{ast.unparse(call.func)} is not of keras_cv or keras.{hint}".rstrip("."))
    named = {_keyword(each): _value(each.value) for each in call.keywords}
    return NamedLayer(words[0], words[1], tuple(_value(each) for each in call.args), named)


def _keyword(node: ast.keyword) -> str:
    if node.arg is None:
        raise ValueError("** stands for no argument")
    return node.arg


def _value(node: ast.expr) -> Any:
    """A literal, a layer, or a list of both."""
    if isinstance(node, ast.List | ast.Tuple):
        values = [_value(each) for each in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Call | ast.Attribute):
        return _layer(node)
    try:
        value = ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)} is no literal") from None
    if not isinstance(value, int | float | str | None):
        raise ValueError(f"{ast.unparse(node)} is no number, text, list, True, False or None")
    return value
