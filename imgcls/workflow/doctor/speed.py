"""Images a second of one kind of work."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """How fast a machine does one kind of work.

    Attributes:
        work: "decoded", "augmented", "trained" or "predicted".
        what: Of what, and with what, such as "resnet20, 32 pixels, batch 64, float32".
        device: "CPU" or "GPU".
        images_per_second: The rate; 0 if it failed.
        problem: Why it failed; empty if it did not.
    """

    work: str
    what: str
    device: str
    images_per_second: float
    problem: str = ""


def rate(work: Callable[[], int], seconds: float) -> float:
    """How many images a second are worked on.

    Args:
        work: Works on some images, and returns their number. The first call, which compiles, is not counted.
        seconds: That the measuring takes at the least; two calls are counted in any case.
    """
    work()
    images, calls, began = 0, 0, time.perf_counter()
    while True:
        images, calls = images + work(), calls + 1
        passed = time.perf_counter() - began
        if calls >= 2 and passed >= seconds:
            return images / passed
