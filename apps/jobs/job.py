"""One job: a module of imgcls or of the app that runs as a program.

    jobs/<id>/job.json       kind, title, the program and its arguments, who asked, when
    jobs/<id>/output.log     what it prints; locked for as long as one of its processes lives
    jobs/<id>/state.json     queued or running
    jobs/<id>/progress.json  what it is doing, how much is done, of how much
    jobs/<id>/runner.pid     the process that was started
    jobs/<id>/cancel         there once somebody has asked it to end
    jobs/<id>/end.json       its exit code, once it has ended

The lock is the system's, which takes it away however the process ends: whether a job lives never depends on what it
managed to write.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from projects.dated_folder import dated_folder
from projects.project import PROJECTS, Project, list_projects

from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, remove, write_json

RUNNER = Path(__file__).with_name("runner.py")
LIVE = ("queued", "running", "ending")
WITH_PROBLEMS = 3  # exit code of a command that is done but for some files
LOG_SHOWN = 20_000  # characters of the end
NO_REASON = {  # of a state, what is said if the job printed no error
    "failed": "It ended with an error; what it printed says more.",
    "interrupted": "Its process died without a word: the machine or somebody stopped it.",
}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Job:
    """Where a job stands.

    Attributes:
        project: Name of the project.
        id: Of the job in it.
        kind: import, audit, train, review, predict, export, serve, and so on.
        title: What it does, in a few words.
        state: queued, running, ending, finished, failed, cancelled, or interrupted.
        message: Why it failed; may be empty.
        doing: What it is at.
        done: How much of that.
        total: Of how much; 0 if it is not known.
        who: Who asked for it; may be empty.
        asked: Seconds since 1970.
        ended: Seconds since 1970; 0 before.
        code: Exit code; 3 says that some files had problems. None before the end.
        about: What the page that started it keeps with it, such as the name of the run.
    """

    project: str
    id: str
    kind: str
    title: str
    state: str
    message: str = ""
    doing: str = ""
    done: int = 0
    total: int = 0
    who: str = ""
    asked: float = 0.0
    ended: float = 0.0
    code: int | None = None
    about: Mapping[str, object] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return PROJECTS / self.project / "jobs" / self.id

    @property
    def is_live(self) -> bool:
        """Whether a process works on it, or will."""
        return self.state in LIVE


def start_job(
    project: Project,
    kind: str,
    title: str,
    program: Sequence[str],
    environment: Mapping[str, str],
    about: Mapping[str, object] | None = None,
    who: str = "",
    downloads: bool = False,
) -> Job:
    """Start a job; it waits until there is room for it.

    While the same program works for the project already, as after a double click, nothing more is started.

    Args:
        project: Whose job it is.
        kind: See `Job`.
        title: See `Job`.
        program: A module that can be run, and its arguments: ("imgcls.export", "projects/flowers/runs/one").
        environment: Of the process, as `allowed_paths.environment` makes it.
        about: See `Job`.
        who: See `Job`.
        downloads: Whether it mostly waits for the network, so that it takes no place of those that compute.

    Returns:
        The job, or the one that does the same.
    """
    project.jobs.mkdir(exist_ok=True)
    with one_at_a_time(project.jobs / ".lock"):  # two people who press at one moment
        for job in _live_jobs_of(project):
            if job.kind == kind and _read(job.folder / "job.json").get("program") == list(program):
                return job
        values = {"kind": kind, "title": title, "program": list(program), "who": who, "downloads": downloads}
        return _start(project, values | {"about": dict(about or {})}, environment)


def look(project: Project, job_id: str) -> Job:
    """Where a job stands.

    Raises:
        ValueError: There is none.
    """
    folder = project.jobs / job_id
    try:
        values = json.loads((folder / "job.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"There is no job {job_id!r} in the project {project.title!r}.") from error
    lives = is_running(folder)  # before the end is read: what a dead process wrote is its last word
    end, state, progress = (_read(folder / f"{name}.json") for name in ("end", "state", "progress"))
    told = "cancelled" if not lives and (folder / "cancel").exists() else _state(lives, end, state)
    code = end.get("code")
    message = _message(told, folder)
    facts = {name: values.get(name, "") for name in ("kind", "title", "who", "asked", "about")}
    doing = {name: progress.get(name) or default for name, default in (("doing", ""), ("done", 0), ("total", 0))}
    return Job(
        project.name, job_id, state=told, message=message, ended=end.get("time", 0.0), code=code, **facts, **doing
    )


def list_jobs(project: Project) -> list[Job]:
    """The jobs of a project: those that live first, then the latest first."""
    found = []
    for file in project.jobs.glob("*/job.json"):
        with suppress(ValueError):  # removed while we looked
            found.append(look(project, file.parent.name))
    return sorted(found, key=lambda job: (not job.is_live, -job.asked))


def live_jobs() -> list[Job]:
    """The jobs of all projects that run or wait."""
    return [job for project in list_projects() for job in _live_jobs_of(project)]


def cancel(project: Project, job_id: str) -> None:
    """Ask a job to end, which lets a training save a checkpoint; asked a second time, all its processes are killed."""
    folder = project.jobs / job_id
    if not is_running(folder):
        return
    asked, again = folder / "cancel", (folder / "cancel").exists()
    asked.touch()
    runner = _runner_of(folder)  # looked up last: the runner, too, looks for the file once its number is there
    with suppress(ProcessLookupError):
        if runner and again:
            os.killpg(runner, signal.SIGKILL)
        elif runner:
            os.kill(runner, signal.SIGTERM)


def forget(project: Project, job_id: str) -> None:
    """Remove what is kept of a job that has ended; what it made stays."""
    if not is_running(project.jobs / job_id):
        remove(project.jobs / job_id)


def is_running(folder: Path) -> bool:
    """Whether a process of the job in this folder lives."""
    try:
        with (folder / "output.log").open("rb") as output:
            fcntl.flock(output, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def log_of(project: Project, job_id: str) -> str:
    """The end of what a job printed."""
    return _log(project.jobs / job_id)


def _start(project: Project, values: Mapping[str, object], environment: Mapping[str, str]) -> Job:
    """values: what job.json holds, but for the time."""
    folder = dated_folder(project.jobs, str(values["kind"]))
    with (folder / "output.log").open("ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)  # before anybody sees the job, and locks it to look
        write_json(folder / "job.json", {**values, "asked": time.time()})
        process = subprocess.Popen(
            [sys.executable, RUNNER, folder],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, "PYTHONPATH": _python_path(environment)},
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
    return look(project, folder.name)


def _live_jobs_of(project: Project) -> list[Job]:
    found = []
    for file in sorted(project.jobs.glob("*/job.json")):
        if not (file.parent / "end.json").exists():  # most have ended long ago
            with suppress(ValueError):  # removed while we looked
                found.append(look(project, file.parent.name))
    return [job for job in found if job.is_live]


def _runner_of(folder: Path) -> int | None:
    """The number of the process that was started; None until it has begun."""
    with suppress(FileNotFoundError):
        return int((folder / "runner.pid").read_text())
    return None


def _log(folder: Path) -> str:
    try:
        text = (folder / "output.log").read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return CONTROL.sub("", text)[-LOG_SHOWN:].strip()


def _state(lives: bool, end: Mapping[str, object], state: Mapping[str, object]) -> str:
    if lives:
        return "ending" if end else str(state.get("state", "queued"))
    if not end:
        return "interrupted"
    return "finished" if end.get("code") in (0, WITH_PROBLEMS) else "failed"


def _message(state: str, folder: Path) -> str:
    """The last error that the log has, also of a job that could not write down its end, as on a full disk."""
    if state not in ("failed", "interrupted"):
        return ""
    errors = re.findall(r"^error: (.*)$", _log(folder), re.MULTILINE)
    return errors[-1] if errors else NO_REASON[state]


def _python_path(environment: Mapping[str, str]) -> str:
    """The app's own modules can be programs too."""
    return os.pathsep.join(filter(None, [str(RUNNER.parents[1]), environment.get("PYTHONPATH", "")]))


def _read(file: Path) -> dict:
    with suppress(OSError, ValueError):
        return read_json(file)
    return {}
