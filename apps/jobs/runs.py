"""Training runs of a project: what a run's folder and the job that works on it say together.

    runs/<name>/               the run, as `imgcls.train` writes it
    runs/.asked/<name>.toml    its settings, as they were asked for: there before the run is

The folder may still say what a dead process wrote. So a job keeps what stood there when it began, and what stands there
counts once it is something else: no clocks are compared, for a clock can be set back. Whether the job lives, its lock
says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from projects.project import Project
from safety import allowed_paths

from imgcls.config import TrainConfig
from imgcls.config_file import load_toml, save_toml
from imgcls.file_lock import one_at_a_time
from imgcls.files import remove
from imgcls.run_folder import LIVE as AT_WORK
from imgcls.run_folder import RunFolder
from jobs.job import NO_REASON, Job, cancel, forget, list_jobs, start_job

KIND = "train"
LIVE = ("waiting", "starting", *AT_WORK, "ending", "closing")  # ending: somebody asked for it; closing: it is done
STOPPED_EARLY = "It was stopped before the training began."
DIED = NO_REASON["interrupted"]
GONE = "Its folder is not there any more: somebody moved or deleted it."


@dataclass(frozen=True)
class Run:
    """Where a run stands.

    Attributes:
        name: Of the run.
        state: One of `LIVE`, or finished, interrupted, failed, gone.
        message: Why it failed or was interrupted; may be empty.
        status: What status.json says, if it is of the latest job; else empty.
        folder: Its folder; None before there is one.
        job: The latest job that worked on it; None if it was not started here.
        resumable: Whether it can go on from where it stands, or begin again.
        changed: Seconds since 1970.
    """

    name: str
    state: str
    message: str = ""
    status: Mapping = field(default_factory=dict)
    folder: RunFolder | None = None
    job: Job | None = None
    resumable: bool = False
    changed: float = 0.0

    @property
    def is_live(self) -> bool:
        """Whether a process works on it, or will."""
        return self.state in LIVE

    @property
    def accuracy(self) -> float | None:
        """On the test images; None before it was judged."""
        return self.status.get("accuracy") if self.state == "finished" else None

    @property
    def epochs_done(self) -> int:
        """Epochs that were trained to their end."""
        return self.folder.epochs_done() if self.folder else 0

    @property
    def version(self) -> int:
        """The version of the data that it learned from; 0 if it is not known."""
        return int(self.job.about.get("version", 0)) if self.job else 0


def start_run(project: Project, config: TrainConfig, version: int, who: str = "") -> str:
    """Start a run, unless one with the same settings and data is at work, as after a double click.

    Args:
        project: Whose run it is.
        config: Its settings, with the data; without a name, the first free one is taken.
        version: Of the data.
        who: Who asked for it.

    Returns:
        Its name, or that of the one at work.

    Raises:
        ValueError: The name is taken or cannot name a folder, or the config leads out of the root.
    """
    allowed_paths.check_config(config)
    with one_at_a_time(project.runs / ".lock"):  # two users name runs one after the other
        for job in _jobs_of(project, config.name):
            if job.is_live and _asked_for(project, job, config, version):
                return str(job.about["run"])
        name = check_name(config.name or free_name(project))
        if _is_taken(project, name) or any(job.is_live for job in _jobs_of(project, name)):
            raise ValueError(f"There is a run {name!r} already. Choose another name.")
        remove(project.runs / name)  # what was written of a run after it was deleted
        _forget_jobs(project, name)  # of a start that failed before there was a run
        save_toml(_complete(project, config, name), _asked_file(project, name))
        _start(project, name, ("--config", str(_asked_file(project, name))), version, who)
    return name


def go_on(project: Project, name: str, who: str = "") -> None:
    """Go on with a run from its last checkpoint; one that never began, begins.

    Raises:
        ValueError: It is being trained, or its network is a file that the app may not run.
    """
    with one_at_a_time(project.runs / ".lock"):
        run = _look_at_one_to_go_on(project, name)
        if run.folder and run.folder.manifest_file.is_file():
            allowed_paths.check_model(run.folder.config.network.model)
            arguments = ("--resume", str(project.runs / name))
        else:
            remove(project.runs / name)  # a process that was killed while it made it may have left it
            arguments = ("--config", str(_asked_file(project, name)))
        _start(project, name, arguments, run.version, who)


def judge_as_it_stands(project: Project, name: str, who: str = "") -> None:
    """Take the best epoch so far of a run that ended too early for its model, and judge it; no further one is trained.

    Raises:
        ValueError: It is being trained, it has no whole epoch, or its network is a file that the app may not run.
    """
    with one_at_a_time(project.runs / ".lock"):
        run = _look_at_one_to_go_on(project, name)
        if not run.epochs_done:
            raise ValueError(f"The run {name!r} has no whole epoch yet. Go on with it.")
        allowed_paths.check_model(run.folder.config.network.model)
        arguments = ("--resume", str(project.runs / name), "--epochs", str(run.epochs_done))
        _start(project, name, arguments, run.version, who)


def stop(project: Project, name: str) -> None:
    """Ask a run to save a checkpoint and end; asked again, it goes on ending."""
    job = look(project, name).job
    if job and job.is_live and not _is_cancelled(job):
        cancel(project, job.id)


def end_at_once(project: Project, name: str) -> None:
    """Kill a run that was asked to end; what came after its last checkpoint is lost."""
    job = look(project, name).job
    if job and job.is_live and _is_cancelled(job):
        cancel(project, job.id)


def delete_run(project: Project, name: str) -> None:
    """Remove a run with its model and its jobs.

    Raises:
        ValueError: It is being trained, or another job is about it, which would make its folder again.
    """
    if look(project, name).is_live:
        raise ValueError(f"The run {name!r} is being trained. Stop it first.")
    for job in list_jobs(project):
        if job.is_live and job.about.get("run") == name:
            raise ValueError(f"The run {name!r} is in use: {job.title}. Cancel that first, or wait until it has ended.")
    remove(project.runs / name)
    _forget_jobs(project, name)
    remove(_asked_file(project, name))


def look(project: Project, name: str) -> Run:
    """Where a run stands.

    Raises:
        ValueError: There is none of this name.
    """
    return _look(project, check_name(name), next(iter(_jobs_of(project, name)), None))


def list_runs(project: Project) -> list[Run]:
    """All runs, those that live first, then the latest first."""
    latest: dict[str, Job | None] = {path.parent.name: None for path in project.runs.glob("[!.]*/config.toml")}
    for job in reversed(_jobs_of(project)):  # so that the latest of a run stays
        latest[str(job.about.get("run"))] = job
    found = []
    for name, job in latest.items():
        try:
            found.append(_look(project, check_name(name), job))
        except ValueError:  # removed while we looked, or no run
            continue
    return sorted(found, key=lambda run: (not run.is_live, -run.changed))


def check_name(name: str) -> str:
    """The same name.

    Raises:
        ValueError: It cannot name one folder.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"{name!r} is no name that can be used here. Use letters, digits, '_', '-' and '.'.")
    return name


def free_name(project: Project) -> str:
    """run-<number>, with the first number that is free."""
    number = 1
    while _is_taken(project, f"run-{number}") or _asked_file(project, f"run-{number}").exists():
        number += 1
    return f"run-{number}"


def settings_of(project: Project, run: Run) -> TrainConfig:
    """The settings of a run: settled ones of its folder, else those that were asked for."""
    return run.folder.config if run.folder else load_toml(_asked_file(project, run.name))


def _is_taken(project: Project, name: str) -> bool:
    """Whether a folder holds a run, or a search with its runs; an empty one is of a search that begins."""
    folder = project.runs / name
    if not folder.is_dir():
        return folder.exists()
    return not any(folder.iterdir()) or any(file.name in ("config.toml", "study.sqlite") for file in folder.rglob("*"))


def _look(project: Project, name: str, job: Job | None) -> Run:
    path = allowed_paths.check_path(project.runs / name)
    folder = RunFolder(path) if (path / "config.toml").is_file() else None
    if folder is None and job is None:
        raise ValueError(f"There is no run {name!r} in the project {project.title!r}.")
    status = folder.status() if folder else {}
    if job and status.get("heartbeat") == job.about.get("before"):
        status = {}  # of a process before
    state, message = _state_without_job(folder) if folder and not job else _state(job, status)
    if folder is None and job.state == "finished":  # which it cannot be without having made one
        state, message = "gone", GONE
    ready = folder.manifest_file.is_file() if folder else False
    if state == "failed":  # before anything was trained: what it failed by is still there
        resumable = ready and any(folder.checkpoints.glob("*"))
    else:
        resumable = state in ("interrupted", "gone") and (ready or _asked_file(project, name).is_file())
    changed = max(status.get("heartbeat", 0.0), job.asked if job else 0.0)
    return Run(name, state, message, status, folder, job, resumable, changed)


def _state_without_job(folder: RunFolder) -> tuple[str, str]:
    state = folder.state()
    if state in ("died", "unknown"):
        return "interrupted", DIED
    return state, folder.status().get("message", "")


def _state(job: Job, status: Mapping) -> tuple[str, str]:
    """State and message of a run that a job works or worked on. status: what that job wrote into the run's folder."""
    written = status.get("state", "")
    if job.state == "queued":
        return "waiting", ""
    if job.is_live:
        if job.state == "ending" or (written and written not in AT_WORK):
            return "closing", ""
        return ("ending" if _is_cancelled(job) else written or "starting"), ""
    if written and written not in AT_WORK:
        return written, status.get("message", "")
    if job.state == "failed" and not written:
        return "failed", job.message
    if job.state == "cancelled":
        return "interrupted", "" if written else STOPPED_EARLY
    return "interrupted", job.message if job.state == "interrupted" else DIED


def _look_at_one_to_go_on(project: Project, name: str) -> Run:
    run = look(project, name)
    if run.is_live:
        raise ValueError(f"The run {name!r} is being trained already.")
    if not run.resumable:
        raise ValueError(f"The run {name!r} cannot go on. Start a new one.")
    return run


def _start(project: Project, name: str, arguments: Sequence[str], version: int, who: str) -> None:
    about = {"run": name, "version": version, "before": _last_written(project, name)}
    program = ("imgcls.train", *arguments)
    start_job(project, KIND, f"Train {name}", program, allowed_paths.environment(), about, who)


def _complete(project: Project, config: TrainConfig, name: str) -> TrainConfig:
    return replace(config, name=name, runs=str(project.runs))


def _asked_for(project: Project, job: Job, config: TrainConfig, version: int) -> bool:
    """Whether a job was asked for these settings and this data."""
    name = str(job.about["run"])
    file = _asked_file(project, name)
    is_same_data = job.about.get("version") == version and file.is_file()
    return is_same_data and load_toml(file) == _complete(project, config, name)


def _last_written(project: Project, name: str) -> float | None:
    """The heartbeat of the last process that worked on a run; None if there was none."""
    path = project.runs / name
    return RunFolder(path).status().get("heartbeat") if (path / "config.toml").is_file() else None


def _jobs_of(project: Project, name: str = "") -> list[Job]:
    """The jobs that worked on a run, or on any; one that lives first, then the latest first."""
    jobs = [job for job in list_jobs(project) if job.kind == KIND and "run" in job.about]
    return [job for job in jobs if not name or job.about["run"] == name]


def _forget_jobs(project: Project, name: str) -> None:
    for job in _jobs_of(project, name):
        forget(project, job.id)


def _is_cancelled(job: Job) -> bool:
    return (job.folder / "cancel").exists()


def _asked_file(project: Project, name: str) -> Path:
    return project.runs / ".asked" / f"{name}.toml"
