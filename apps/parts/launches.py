"""Training runs as processes of their own, which outlive the browser and the app.

What belongs to the start of a run, before it has a run folder, is kept in runs/.launched/<name>/: its config, what the
process prints, its number. The process holds a lock on its output file; when it ends, however it ends, the system
takes the lock away. So whether it lives never depends on what it managed to write.
"""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from imgcls.config import TrainConfig
from imgcls.config_file import save_toml
from imgcls.files import remove
from imgcls.run_folder import RunFolder
from parts import allowed_paths

RUNS = Path("runs")
LAUNCHED = RUNS / ".launched"
LIVE = ("starting", "preparing", "training", "evaluating", "ending")
LOG_SHOWN = 20_000  # characters of the end
TRIES, PAUSE = 20, 0.05  # seconds; a reader holds the lock for much less


@dataclass(frozen=True)
class Launch:
    """Where a run stands.

    Attributes:
        name: Of the run.
        state: One of `LIVE`, or finished, interrupted, failed.
        message: Why it failed or was interrupted; may be empty.
        status: What status.json says; empty before there is a run folder.
        resumable: Whether it can go on from where it stands.
        changed: Seconds since 1970.
    """

    name: str
    state: str
    message: str = ""
    status: dict = field(default_factory=dict)
    resumable: bool = False
    changed: float = 0.0

    @property
    def folder(self) -> RunFolder:
        """The run's folder.

        Raises:
            ValueError: There is none yet.
        """
        return RunFolder(RUNS / self.name)


def start(config: TrainConfig) -> str:
    """Start a run.

    Returns:
        Its name: that of the config, or the first free one of its data.

    Raises:
        ValueError: The name is taken or cannot name a folder, or the config leads out of the root.
    """
    allowed_paths.check_config(config)
    name = check_name(config.name or free_name(config.input.data))
    if (RUNS / name).exists() or is_running(name):
        raise ValueError(f"There is a run {name!r} already. Choose another name.")
    remove(LAUNCHED / name)  # of a start that failed before there was a run
    (LAUNCHED / name).mkdir(parents=True)
    config_file = LAUNCHED / name / "config.toml"
    save_toml(replace(config, name=name, runs=str(RUNS)), config_file)
    _launch(name, "--config", str(config_file))
    return name


def resume(name: str) -> None:
    """Go on with a run from its last checkpoint.

    Raises:
        ValueError: It is being trained, or its network is a file that the app may not run.
    """
    if look(name).state in LIVE:
        raise ValueError(f"The run {name!r} is being trained already.")
    allowed_paths.check_model(RunFolder(RUNS / name).config.network.model)
    (LAUNCHED / name).mkdir(parents=True, exist_ok=True)
    _launch(name, "--resume", str(RUNS / name))


def stop(name: str) -> None:
    """Ask a run to save a checkpoint and end."""
    launch = look(name)
    if launch.state not in LIVE:
        return
    process = int(_pid_file(name).read_text()) if is_running(name) else launch.status["pid"]
    os.kill(process, signal.SIGTERM)


def check_name(name: str) -> str:
    """The same name.

    Raises:
        ValueError: It cannot name one folder.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"{name!r} is no name that can be used here. Use letters, digits, '_', '-' and '.'.")
    return name


def free_name(data: str) -> str:
    """<data>-<number>, with the first number that is free."""
    stem = re.sub(r"[^\w-]+", "_", Path(data).stem).strip("_") or "run"
    number = 1
    while (RUNS / f"{stem}-{number}").exists() or (LAUNCHED / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def look(name: str) -> Launch:
    """Where the run called `name` stands.

    Raises:
        ValueError: There is none.
    """
    running = is_running(check_name(name))  # before the status is read: what a dead process wrote is its last word
    path = allowed_paths.check_path(RUNS / name)
    if not (path / "config.toml").is_file():
        if not _log_file(name).is_file():
            raise ValueError(f"There is no run {name!r} in {RUNS.resolve()}.")
        if running:
            return Launch(name, "starting", changed=_started(name))
        return Launch(name, "failed", _last_error(name), changed=_started(name))
    run = RunFolder(path)
    status = run.status()
    state, message = status.get("state", "preparing"), status.get("message", "")
    heartbeat = status.get("heartbeat", run.config_file.stat().st_mtime)
    if running and heartbeat < _started(name):
        state, message = "starting", ""  # it was asked to go on and has not said anything yet
    elif running and state in ("interrupted", "failed"):
        state, message = "ending", ""  # it has said its last word and is clearing up
    elif not running and heartbeat < _started(name):
        state, message = "failed", _last_error(name)
    elif state in LIVE and not running and not run.is_alive():
        state, message = "interrupted", "Its process died without a word: the machine or somebody stopped it."
    resumable = state in ("interrupted", "failed") and run.manifest_file.is_file()
    return Launch(name, state, message, status, resumable, heartbeat)


def list_launches() -> list[Launch]:
    """All runs, those that live first, then the latest first."""
    names = {path.parent.name for path in RUNS.glob("*/config.toml")} | {path.name for path in LAUNCHED.glob("*")}
    found = []
    for name in names:
        try:
            found.append(look(name))
        except ValueError:  # removed while we looked, or no run
            continue
    return sorted(found, key=lambda launch: (launch.state not in LIVE, -launch.changed))


def forget(name: str) -> None:
    """Remove what a start left that never became a run."""
    if not (RUNS / name).exists() and not is_running(name):
        remove(LAUNCHED / name)


def is_running(name: str) -> bool:
    """Whether a process that `start` or `resume` made is working on this run."""
    try:
        with _log_file(name).open("rb") as output:
            fcntl.flock(output, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def log(name: str) -> str:
    """The end of what the process printed."""
    try:
        text = _log_file(name).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)[-LOG_SHOWN:].strip()


def _launch(name: str, *arguments: str) -> None:
    with _log_file(name).open("ab") as output:
        _lock(output, name)
        output.truncate(0)
        process = subprocess.Popen(
            [sys.executable, "-m", "imgcls.train", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=allowed_paths.environment(),
            start_new_session=True,
        )
        _pid_file(name).write_text(str(process.pid))
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie


def _lock(output, name: str) -> None:
    for _ in range(TRIES):
        try:
            return fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE)
    raise ValueError(f"The run {name!r} is being trained already.")


def _started(name: str) -> float:
    """When the run was last started from here, in seconds since 1970; 0 if it was not."""
    try:
        return _pid_file(name).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _last_error(name: str) -> str:
    errors = re.findall(r"^error: (.*)$", log(name), re.MULTILINE)
    return errors[-1] if errors else "The process ended before training began."


def _log_file(name: str) -> Path:
    return LAUNCHED / name / "output.log"


def _pid_file(name: str) -> Path:
    return LAUNCHED / name / "pid"
