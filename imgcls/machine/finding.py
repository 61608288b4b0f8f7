"""A finding about the machine: what is so, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A finding.

    Attributes:
        what: A sentence that says what is so.
        advice: A sentence that says what to type, install or change; empty where there is nothing to do.
        wrong: Whether something does not work as it should; else it works, and could be faster or larger.
    """

    what: str
    advice: str = ""
    wrong: bool = True

    @property
    def sentences(self) -> str:
        """Both sentences."""
        return f"{self.what} {self.advice}".strip()
