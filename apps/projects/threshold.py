"""The probability from which on a run's answer counts; below it, the page says "not sure"."""

from imgcls.files import read_json, write_json
from projects.project import Project

FILE = "thresholds.json"  # in the project's folder: a number for each run


def threshold_of(project: Project, run: str) -> float:
    """The threshold of a run, in [0, 1]; 0 if none was set."""
    file = project.folder / FILE
    return float(read_json(file).get(run, 0.0)) if file.is_file() else 0.0


def set_threshold(project: Project, run: str, value: float) -> None:
    """Set the threshold of a run.

    Raises:
        ValueError: It is not in [0, 1].
    """
    if not 0 <= value <= 1:
        raise ValueError(f"The threshold is {value}; expected a number from 0 to 1.")
    file = project.folder / FILE
    write_json(file, {**(read_json(file) if file.is_file() else {}), run: value})
