"""A process that proves the bundles of many tests; each begins one of its own else, which costs more than the rest."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
PROGRAM = """
import json, sys
import imgcls
sys.modules["keras"] = None
from imgcls.serving.parity import answer_fresh
for line in sys.stdin:
    try:
        answer_fresh(*json.loads(line))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
    else:
        print(json.dumps(""), flush=True)
"""


class ProvingProcess:
    """As `imgcls.serving.parity._in_fresh_process`: a process that has seen neither a run's model nor Keras."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._one_question = threading.Lock()

    def __call__(self, folder: Path, images: Sequence[Path]) -> dict[str, np.ndarray]:
        with tempfile.TemporaryDirectory() as place:
            question, answer = Path(place) / "images.json", Path(place) / "answer.npz"
            question.write_text(json.dumps([str(path.resolve()) for path in images]), "utf-8")
            problem = self._ask([str(Path(folder).resolve()), str(question), str(answer)])
            if problem:
                raise RuntimeError(f"The bundle does not run in a fresh process: {problem} The bundle was not kept.")
            with np.load(answer) as arrays:
                return dict(arrays)

    def _ask(self, arguments: list[str]) -> str:
        with self._one_question:
            self._process = self._process or _started()
            self._process.stdin.write(json.dumps(arguments) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline() or '"The process ended."')

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()


def _started() -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    line, pipe = [sys.executable, "-c", PROGRAM], subprocess.PIPE
    return subprocess.Popen(line, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
