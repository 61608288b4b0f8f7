"""Checkpoints: everything that a run needs to go on, whole or not there.

A checkpoint is a folder `step-<number>` with `arrays.npz` (variables by number) and `state.json` (the place in
the run, and the sha256 of the arrays). It is written under another name and renamed, so that a run that dies while
writing leaves the one before.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imgcls.files import remove, replacing, write_json

KEPT = 2


class Checkpoint(NamedTuple):
    arrays: dict[str, np.ndarray]
    state: dict


def save_checkpoint(folder: Path, name: str, arrays: dict[str, np.ndarray], state: dict) -> None:
    """Write one checkpoint and remove all but the last two of the kind. Raises OSError if it cannot be written."""
    with replacing(folder / name) as partial:
        partial.mkdir(parents=True)
        np.savez(partial / "arrays.npz", **arrays)
        write_json(partial / "state.json", {**state, "sha256": _digest(partial / "arrays.npz")})
    for old in _steps(folder)[:-KEPT]:
        remove(old)


def remove_half_written(folder: Path) -> None:
    """Remove what a run left that died while it wrote a checkpoint; no living one may write into the folder."""
    for partial in folder.glob(".partial-*"):
        remove(partial)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint. Raises ValueError if it is not whole."""
    try:
        state = json.loads((path / "state.json").read_text("utf-8"))
        if _digest(path / "arrays.npz") != state["sha256"]:
            raise ValueError("its checksum is wrong")
        with np.load(path / "arrays.npz", allow_pickle=False) as stored:
            return Checkpoint({name: stored[name] for name in stored.files}, state)
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"The checkpoint {path} is damaged ({error}).") from error


def load_latest(folder: Path, warn: Callable[[str], None] = lambda line: None) -> Checkpoint | None:
    """The newest whole checkpoint of a run; None if it has none. warn: gets a sentence for each that is damaged."""
    for path in reversed(_steps(folder)):
        try:
            return load_checkpoint(path)
        except ValueError as error:
            warn(f"{error} The one before it is taken.")
    return None


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def step_name(step: int) -> str:
    return f"step-{step:09d}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
