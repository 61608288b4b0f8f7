"""Work on a SavedModel in a process of its own, which takes what it has loaded with it when it ends."""

import os
import subprocess
import sys
from pathlib import Path

import imgcls

CALL = """
import sys
import imgcls  # first, because it looks whether Keras is there
if sys.argv[1] == "without":
    sys.modules["keras"] = None  # TensorFlow would import it, and it scikit-learn, for nearly half of the time
from importlib import import_module
getattr(import_module(sys.argv[2]), sys.argv[3])(*sys.argv[4:])
"""


def call_fresh(module: str, function: str, *arguments: str, with_keras: bool = False) -> None:
    """Call a function in a fresh process, and wait for its end.

    Args:
        module: The full name of its module.
        function: Its name in the module.
        arguments: What it gets.
        with_keras: Whether Keras can be imported in that process.

    Raises:
        RuntimeError: With the last line that the process wrote to stderr, if it fails.
    """
    home = str(Path(imgcls.__file__).parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "CUDA_VISIBLE_DEVICES": "-1",  # the memory of a GPU is taken by this process
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-c", CALL, "with" if with_keras else "without", module, function, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
