"""The memory that a bundle takes in a process of its own: its peak, after some images at a batch of one."""

import os
import re
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import imgcls
from imgcls.workflow.benchmark.memory_process import CALLS
from imgcls.workflow.benchmark.request import ENGINES

AT_A_TIME = 2  # processes; each is busy with its imports on one core
TIMEOUT = 600  # seconds, after which such a process is ended
CHILD = """
import sys
import imgcls  # first, because it looks whether Keras is there
sys.modules["keras"] = None  # TensorFlow would import it, and whoever serves a bundle does without
from imgcls.workflow.benchmark.memory_process import measure
measure(*sys.argv[1:])
"""


def start(version: Path | None, form: str, image: Path) -> "subprocess.Popen[str]":
    """Start the process that loads a bundle and asks it.

    Args:
        version: The folder of the version; None for a process that only imports what the others import.
        form: The name of the format whose engine computes.
        image: The file of an image.
    """
    home = str(Path(imgcls.__file__).parents[1])
    paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(version or ""), form, str(image)],
        env={**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for the benchmark, which ends it
    )


def peak_megabytes(process: "subprocess.Popen[str]") -> float:
    """Wait for such a process.

    Returns:
        The largest memory that it had in 1,000,000 bytes, with Python and TensorFlow, which decodes the images.

    Raises:
        RuntimeError: If it died.
    """
    try:
        said, wrong = process.communicate(timeout=TIMEOUT)
    except BaseException as error:
        process.kill()
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise RuntimeError(f"It took more than {TIMEOUT} s to load it and to ask it {CALLS} times.") from error
        raise
    found = re.search(r'^\{"peak": ([\d.]+)\}$', said, re.MULTILINE)
    if process.returncode or not found:
        why = (wrong.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise RuntimeError(f"It does not run in a process of its own: {why}")
    return float(found[1])


class PeakMemories:
    """Finds the peaks of several bundles, two at a time, while other work goes on that is not timed.

    Args:
        image: The file of an image.
    """

    def __init__(self, image: Path) -> None:
        self._image = image
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._asked: dict[str, Future[float]] = {}
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "PeakMemories":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in list(self._processes):
            process.kill()
        self._pool.shutdown()

    def ask(self, engine: str, version: Path) -> None:
        """Have the peak of an engine found.

        Args:
            engine: Its name.
            version: The folder of the version.
        """
        self._asked[engine] = self._pool.submit(self._peak, version, ENGINES[engine])

    def found(self) -> dict[str, float | RuntimeError]:
        """Wait for all: the peak of each engine in 1,000,000 bytes, or why there is none."""
        peaks: dict[str, float | RuntimeError] = {}
        for engine, asked in self._asked.items():
            try:
                peaks[engine] = asked.result()
            except RuntimeError as error:
                peaks[engine] = error
        return peaks

    def _peak(self, version: Path, form: str) -> float:
        process = start(version, form, self._image)
        self._processes.append(process)
        return peak_megabytes(process)
