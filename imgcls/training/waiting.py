"""How long the steps wait for their batches, and what helps against it."""

import time
from collections.abc import Callable

from imgcls.config import TrainConfig

MUCH = 0.15  # share of an epoch's time, from which on advice is worth reading
LONG = 20.0  # seconds of the whole training, below which it is not


class WaitingForData:
    """Measures the share of the training's time in which no step could begin because its batch was not there.

    Where several steps are one call, the last one of each call is timed and counts for all of them. On a GPU the host
    runs ahead of the device; the time for which it then waits for the device is taken off.

    Args:
        clock: returns seconds.

    Attributes:
        seconds: for which the steps waited, all epochs together.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self.seconds = clock, 0.0
        self.begin()

    def begin(self) -> None:
        """Begin anew, as at the start of an epoch."""
        self._began = self._asked = self._clock()
        self._waited = 0.0

    def asks(self) -> None:
        """A batch is asked for."""
        self._asked = self._clock()

    def gets(self, steps: int = 1) -> None:
        """The batch is there. steps: of the same call, for which it counts."""
        self._add(steps * (self._clock() - self._asked))

    def host_was_ahead(self, seconds: float) -> None:
        """The host waited so long for the device, which therefore had batches."""
        self._add(-seconds)

    def _add(self, seconds: float) -> None:
        self._waited += seconds
        self.seconds += seconds

    @property
    def share(self) -> float:
        """Of the time since `begin`, in [0, 1]."""
        passed = self._clock() - self._began
        return min(1.0, max(0.0, self._waited / passed)) if passed > 0 else 0.0


def advice(share: float, seconds: float, config: TrainConfig, on_gpu: bool) -> str:
    """What to do where the steps wait much for images, with why; empty where they do not.

    Args:
        share: of the time of the last epoch.
        seconds: for which they waited in all epochs.
        config: of the run.
        on_gpu: whether a GPU trains; on a processor, reading and training share the cores.
    """
    if share < MUCH or seconds < LONG:
        return ""
    waited = f"In the last epoch the steps waited {100 * share:.0f} % of the time for images."
    if config.training.data_service:
        return f"{waited} More workers of `python -m imgcls.data_service` help."
    ways = ["`python -m imgcls.prepare` makes large photos small once"]
    if config.input.cache in ("auto", "none"):
        ways.append("--cache memory or --cache disk keeps decoded images")
    if config.input.augmentation in ("standard", "strong") or config.input.augmentation_layers:
        ways.append("--augmentation light computes less")
    if on_gpu:
        return f"{waited} The images come too slowly: {', '.join(ways)}, and more cores or --data-service read more."
    return f"{waited} On a processor, reading and training share the cores, so less work on each image helps: " + (
        f"{', '.join(ways)}."
    )
