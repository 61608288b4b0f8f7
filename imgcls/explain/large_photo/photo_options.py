"""What a user may choose of the look into a large photo."""

from dataclasses import dataclass, field
from typing import Literal

from imgcls.progress import ProgressFunction, no_progress

BACKGROUND = "background"  # the class of patches that show none of the others; it gets no boxes


@dataclass(frozen=True)
class PhotoOptions:
    """What a user may choose.

    Attributes:
        shares: One scale for each: the share of the photo's short side that the network's window covers, in (0, 1].
        factors: In place of `shares`, the factors that the photo is resized by; 1 is its own size.
        classes: Whose maps are kept; empty for those with the highest responses.
        best: How many are kept where none is named.
        threshold: The least probability of a box, in [0, 1].
        overlap: Share of the smaller of two boxes of a class from which on only the better one is kept, in (0, 1].
        boxes: At most, of each class.
        way: "auto" takes one pass where the network allows it; "windows" classifies each window by itself.
        step: Of windows that are classified by themselves: from one to the next, as a share of the window.
        memory: Of feature maps at once, in MB; a larger photo is computed in tiles.
        batch_size: Windows that pass the network at once.
        on_progress: Gets how much is done, in percent.

    Raises:
        ValueError: A value is out of its range.
    """

    shares: tuple[float, ...] = (1.0, 0.5, 0.25)
    factors: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    best: int = 5
    threshold: float = 0.5
    overlap: float = 0.3
    boxes: int = 20
    way: Literal["auto", "windows"] = "auto"
    step: float = 0.25
    memory: int = 600
    batch_size: int = 32
    on_progress: ProgressFunction = field(default=no_progress, compare=False)

    def __post_init__(self) -> None:
        if not self.shares and not self.factors:
            raise ValueError("There is no scale; expected at least one share of the photo's short side, such as 0.5.")
        for share in self.shares:
            if not 0 < share <= 1:
                raise ValueError(f"A scale covers {share:g} of the short side; expected a share above 0 and up to 1.")
        for factor in self.factors:
            if not factor > 0:
                raise ValueError(f"A scale has the factor {factor:g}; expected a number above 0.")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold:g}; expected a probability from 0 to 1.")
        for name in ("overlap", "step"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name):g}; expected a share above 0 and up to 1.")
        for name in ("best", "boxes", "memory", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1.")
        if self.way not in ("auto", "windows"):
            raise ValueError(f"way is {self.way!r}; expected auto or windows.")
