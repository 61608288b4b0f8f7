"""The memory that a bundle takes in a process of its own: its peak, after some images at a batch of one."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import imgcls

CALLS = 5
TIMEOUT = 600  # seconds, after which such a process is ended
CHILD = """
import sys
import imgcls  # first, because it looks whether Keras is there
sys.modules["keras"] = None  # TensorFlow would import it, and whoever serves a bundle does without
from imgcls.workflow.benchmark.memory import measure
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


def measure(version: str, form: str, image: str) -> None:
    """The process: load a bundle, name an image some times, and print the peak of the memory as a line of JSON.

    Args:
        version: The folder of the version; empty for no bundle.
        form: The name of the format whose engine computes.
        image: The file of an image.
    """
    from imgcls.data.images.encoded import read_encoded
    from imgcls.serving.bundle import load_bundle

    if version:
        bundle, data = load_bundle(version, form), read_encoded(image)
        for _ in range(CALLS):
            bundle.engine.predict(bundle.decode([data])[0])
    print(json.dumps({"peak": round(_peak_bytes() / 1e6, 1)}))


def _peak_bytes() -> int:
    """The largest resident memory of this process. The system's own figure may be that of the process before it."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return 1024 * int(found[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
