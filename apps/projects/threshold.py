"""How sure a run's model must be before its answer counts: chosen on Results, obeyed by Predict, and by
Deploy from the next export on."""

import numpy as np

from imgcls.files import read_json, write_json
from projects.project import Project

EVEN = 0.5  # above it an answer is likelier right than wrong
FILE = "threshold.json"  # in the folder of the run
MOST_DIGITS = 4  # of a percentage, after the point


def threshold_of(project: Project, run: str) -> float:
    """The probability in [0, 1] below which the answer is "not sure"; `EVEN` before anybody has chosen."""
    chosen = chosen_threshold(project, run)
    return EVEN if chosen is None else chosen


def chosen_threshold(project: Project, run: str) -> float | None:
    """The same; None before anybody has chosen."""
    value = read_json(project.runs / run / FILE).get("threshold")
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def is_sure(share: float, threshold: float) -> bool:
    """Whether a class is named: exactly the threshold is enough, in 32 bits, as the model itself decides."""
    return bool(np.float32(share) >= np.float32(threshold))


def percent(share: float, threshold: float) -> str:
    """A probability, with as many digits as tell it from a threshold that it does not reach."""
    for digits in range(1, MOST_DIGITS + 1):
        text = f"{100 * share:.{digits}f}"
        if is_sure(share, threshold) or not is_sure(float(text) / 100, threshold):
            return f"{text}\N{NO-BREAK SPACE}%"
    return f"just below {100 * threshold:g}\N{NO-BREAK SPACE}%"


def set_threshold(project: Project, run: str, value: float) -> None:
    """Answer only if at least this sure from now on, for everybody who uses the run.

    Raises:
        ValueError: The value is no probability, or there is no such run.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"The threshold is {value}; expected a probability from 0 to 1.")
    if not (project.runs / run / "config.toml").is_file():
        raise ValueError(f"The project {project.title!r} has no run {run!r}.")
    write_json(project.runs / run / FILE, {"threshold": float(value)})
