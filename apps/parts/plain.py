"""Names and sentences of others inside Markdown."""

import re

MARKS = re.compile(r"[\\`*_\[\]<$~:&]|^[-+>#]")
NUMBER = re.compile(r"^(\d+)([.)])(?=\s|$)")  # of a list


def plain(text: str) -> str:
    """The text so that Markdown shows it as it is.

    Example:
        >>> plain("1. $x$")
        '1\\\\. \\\\$x\\\\$'
    """
    return NUMBER.sub(r"\1\\\2", MARKS.sub(r"\\\g<0>", text))
