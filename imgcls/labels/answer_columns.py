"""The columns of the image and the answer in the results of a crowdsourcing platform."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerColumns:
    """The columns that the user named.

    Attributes:
        image: Of the image; None if it is found by its content or name.
        answer: Of the label; None if it is found.
        keep: Further columns that are kept as attributes.
    """

    image: str | None = None
    answer: str | None = None
    keep: Sequence[str] = ()
