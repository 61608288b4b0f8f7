"""What the formats of imgcls share: a name and a title in each of their precisions."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from imgcls.serving.export_format import FLOAT32
from imgcls.serving.formats import full_name


@dataclass(frozen=True)
class PrecisionFormat:
    """A format in one of its precisions. A format that inherits from it has to `write` and `load`.

    Attributes:
        base_name: Its name in float32, after `--format`.
        base_title: Its title in float32, for a sentence.
        precision: Of the network. Inputs and outputs are float32 in each.
    """

    base_name: ClassVar[str]
    base_title: ClassVar[str]

    precision: str = FLOAT32

    @property
    def name(self) -> str:
        """Of the format and its folder."""
        return full_name(self.base_name, self.precision)

    @property
    def title(self) -> str:
        """For a sentence."""
        return self.base_title if self.precision == FLOAT32 else f"{self.base_title} in {self.precision}"

    def in_precision(self, precision: str) -> Self:
        """The same format in another precision."""
        return replace(self, precision=precision)
