"""The process of a job: waits until there is room, runs the program, and writes how it ended. Started by `jobs.job`."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from imgcls.files import read_json, replacing, write_json

AT_ONCE = max(1, (os.cpu_count() or 2) // 2)  # jobs of hours, and as many of minutes; each uses several processors
DOWNLOADS_AT_ONCE = 4  # jobs that mostly wait for the network, and so take no place of the others
FOR_HOURS = ("train", "tune")  # kinds, behind which nobody should have to wait with new images
WITHOUT_TURN = ("serve",)  # kinds that never end by themselves
LOOK_AGAIN = 0.2  # seconds


class Cancelled(Exception):
    """The job was asked to end before its program ran."""


def main(folder: Path) -> None:
    """Run the job in this folder."""
    job = read_json(folder / "job.json")
    signal.signal(signal.SIGTERM, _cancelled)
    asked: list[bool] = []
    try:
        _begin(folder)
        turn = None if job["kind"] in WITHOUT_TURN else _wait_for_turn(folder.parents[2] / ".turns", job)
        signal.signal(signal.SIGTERM, lambda *_: asked.append(True))  # until there is a program that can be asked
    except Cancelled:
        _end(folder, None)
        return
    _end(folder, _run(folder, job["program"], asked))
    del turn  # held until here


def _begin(folder: Path) -> None:
    """Say which process this is, from when on it can be asked to end, and heed who asked before."""
    with replacing(folder / "runner.pid") as partial:
        partial.write_text(str(os.getpid()))
    if (folder / "cancel").exists():
        raise Cancelled
    _tell(folder, "queued")


def _run(folder: Path, program: list[str], asked: list[bool]) -> int:
    environment = {**os.environ, "IMGCLS_PROGRESS": str(folder / "progress.json")}
    process = subprocess.Popen([sys.executable, "-m", *program], stdin=subprocess.DEVNULL, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    if asked:
        process.terminate()
    _tell(folder, "running")
    return process.wait()


def _wait_for_turn(turns: Path, job: dict) -> IO[bytes]:
    """A file that is locked for as long as it is open: of all projects, at most `AT_ONCE` jobs of hours have one, as
    many of minutes, and `DOWNLOADS_AT_ONCE` of those that download.
    """
    name, places = "hours" if job["kind"] in FOR_HOURS else "minutes", AT_ONCE
    if job.get("downloads"):
        name, places = "downloads", DOWNLOADS_AT_ONCE
    turns.mkdir(exist_ok=True)
    while True:
        for place in range(places):
            turn = (turns / f"{name}-{place}").open("wb")
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                turn.close()
            else:
                return turn
        time.sleep(LOOK_AGAIN)


def _cancelled(*_: object) -> None:
    raise Cancelled


def _tell(folder: Path, state: str) -> None:
    _write(folder / "state.json", {"state": state})


def _end(folder: Path, code: int | None) -> None:
    _write(folder / "end.json", {"code": code, "time": time.time()})


def _write(file: Path, values: Mapping[str, object]) -> None:
    """Write values down; a full disk ends no job, and of its end what the program printed says enough."""
    with suppress(OSError):
        write_json(file, values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
