"""What a run measured or settled on its images, and keeps in its checkpoints."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from imgcls.training.transfer.stages import Stage


@dataclass
class Measurements:
    """What a run measured or settled on its images; a run that goes on measures nothing anew.

    Attributes:
        statistics: of the pixels, as `imgcls.training.network.run_statistics` gives them; empty: not yet measured.
        depths: "mean" and "variance" of the features of all depths, where the head is on them.
        head: the facts of the fitted head, once it is there.
        stages: of the run; empty: not yet planned.
        patience_from: the epoch from which early stopping counts; above 0 if the run was lengthened.
    """

    statistics: dict[str, Any] = field(default_factory=dict)
    depths: dict[str, list[float]] | None = None
    head: dict[str, Any] | None = None
    stages: list[Stage] = field(default_factory=list)
    patience_from: int = 0

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Measurements":
        """Those that a checkpoint's state holds."""
        stages = [Stage(**stage) for stage in state["stages"]]
        return cls(state["statistics"], state["depths"], state["head"], stages, state["patience_from"])

    def to_state(self) -> dict[str, Any]:
        """What a checkpoint keeps of them, as JSON has it."""
        return asdict(self)
