"""Checkpoints: everything that a run needs to go on, whole or not there.

A checkpoint is a folder `step-<number>` with `arrays.npz` (variables by number) and `state.json` (the place in
the run, and the sha256 of the arrays). It is written under another name and renamed, so that a run that dies while
writing leaves the one before.
"""

import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imgcls.checksums import sha256_of
from imgcls.files import remove, replacing, write_json

KEPT = 2  # checkpoints
NOT_WHOLE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
log = logging.getLogger(__name__)


class Checkpoint(NamedTuple):
    """A checkpoint.

    Attributes:
        arrays: values of variables, by number.
        state: everything else, as JSON has it.
    """

    arrays: dict[str, np.ndarray]
    state: dict[str, Any]


def save_checkpoint(folder: Path, name: str, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
    """Write one checkpoint; of those of steps, this one and the one before it are kept.

    Those of later steps are of a course that the run has left, because they were damaged.

    Args:
        folder: of the checkpoints.
        name: of this one.
        arrays: values of variables, by number.
        state: everything else.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(folder / name, durable=True) as partial:
        partial.mkdir(parents=True)
        named: dict[str, Any] = {**arrays}
        np.savez(partial / "arrays.npz", **named)
        write_json(partial / "state.json", {**state, "sha256": sha256_of(partial / "arrays.npz")})
    steps = _steps(folder)
    if folder / name in steps:
        end = steps.index(folder / name) + 1
        for other in (*steps[: max(0, end - KEPT)], *steps[end:]):
            remove(other)


def remove_half_written(folder: Path) -> None:
    """Remove what a run left that died while it wrote a checkpoint; no living one may write into the folder."""
    for partial in folder.glob(".partial-*"):
        remove(partial)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint. Raises ValueError if it is not whole, and OSError if the disk does not give it."""
    try:
        state = json.loads((path / "state.json").read_text("utf-8"))
        if sha256_of(path / "arrays.npz") != state["sha256"]:
            raise ValueError("its checksum is wrong")
        with np.load(path / "arrays.npz", allow_pickle=False) as stored:
            return Checkpoint({name: stored[name] for name in stored.files}, state)
    except (*NOT_WHOLE, ValueError, KeyError) as error:
        raise ValueError(f"The checkpoint {path} is damaged ({error}).") from error


def load_latest(folder: Path, log_damage: bool = False) -> Checkpoint | None:
    """The newest whole checkpoint of a run; None if it has none.

    Args:
        folder: of the checkpoints.
        log_damage: whether each damaged one is logged as a warning.

    Raises:
        OSError: the disk does not give one that may be whole.
    """
    steps = _steps(folder)
    for path in reversed(steps):
        try:
            return load_checkpoint(path)
        except ValueError as error:
            left = "The one before it is taken." if path != steps[0] else "None before it is left: the run begins anew."
            if log_damage:
                log.warning("%s %s", error, left)
    return None


def check_same(saved: dict[str, Any], ours: dict[str, Any]) -> None:
    """Compare what a checkpoint's state says of its network with what the run would train.

    Args:
        saved: has "network", its name, and "class_names".
        ours: has the same.

    Raises:
        ValueError: they differ; the sentence has both sides.
    """
    for name, what in (("network", "network"), ("class_names", "classes")):
        theirs = saved.get(name, ours[name])
        if theirs != ours[name]:
            raise ValueError(
                f"The checkpoint's {what}: {_short(theirs)}; the run's, by its config and manifest: "
                f"{_short(ours[name])}. Put the files back that belong together, or train anew with another --name."
            )


def _short(names: str | list[str]) -> str:
    if isinstance(names, str):
        return names
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def step_name(step: int) -> str:
    """The name of the checkpoint of a step."""
    return f"step-{step:09d}"
