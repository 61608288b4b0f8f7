"""How sure a run's model must be before its answer counts: chosen on Results, obeyed by Predict, and by
Deploy from the next export on."""

from imgcls.files import read_json, write_json
from projects.project import Project

EVEN = 0.5  # above it an answer is likelier right than wrong
FILE = "threshold.json"  # in the folder of the run


def threshold_of(project: Project, run: str) -> float:
    """The probability in [0, 1] below which the answer is "not sure"; `EVEN` before anybody has chosen."""
    chosen = chosen_threshold(project, run)
    return EVEN if chosen is None else chosen


def chosen_threshold(project: Project, run: str) -> float | None:
    """The same; None before anybody has chosen."""
    value = read_json(project.runs / run / FILE).get("threshold")
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def set_threshold(project: Project, run: str, value: float) -> None:
    """Answer only if surer than this from now on, for everybody who uses the run.

    Raises:
        ValueError: The value is no probability, or there is no such run.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"The threshold is {value}; expected a probability from 0 to 1.")
    if not (project.runs / run / "config.toml").is_file():
        raise ValueError(f"The project {project.title!r} has no run {run!r}.")
    write_json(project.runs / run / FILE, {"threshold": float(value)})
