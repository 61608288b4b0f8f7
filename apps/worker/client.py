"""Asks the worker: `call("models.names")` runs `names` of worker/tasks/models.py there and gives what it returns."""

import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

from safety import allowed_paths

from worker.process import KEY

PROCESS = Path(__file__).with_name("process.py")
ENDED = (
    "The process that computes has ended: it may have run out of memory. A new one is started when you try again; "
    "smaller images or fewer at once may help."
)
_lock = threading.Lock()
_running: dict[str, Any] = {}  # process, address, key


def call(name: str, **arguments: object) -> Any:
    """What a function of the worker returns.

    Args:
        name: File and function, such as "models.names".
        **arguments: Its arguments; like the result, things that Python can pickle.

    Raises:
        ValueError: As the function does. OSError likewise.
        RuntimeError: The worker ended, or the function failed.
    """
    result = None
    for kind, content in _messages(name, arguments):
        if kind == "result":
            result = content
    return result


def stream(name: str, **arguments: object) -> Iterator[Any]:
    """The parts that a generator of the worker gives, as they come; see `call`."""
    for kind, content in _messages(name, arguments):
        if kind == "part":
            yield content


def stop() -> None:
    """End the worker; the next call starts another."""
    with _lock:
        _clear()


def _messages(name: str, arguments: dict[str, object]) -> Iterator[tuple[str, Any]]:
    try:
        with _connection() as connection:
            connection.send((name, arguments))
            while True:
                kind, content = connection.recv()
                if kind == "refused":
                    error, sentence = content
                    raise error(sentence)
                if kind == "fault":
                    raise RuntimeError(content)
                yield kind, content
                if kind == "result":
                    return
    except (EOFError, ConnectionError) as error:
        raise RuntimeError(ENDED) from error


def _connection() -> Connection:
    with _lock:
        if not _running or _running["process"].poll() is not None:
            _clear()
            _running.update(_start())
        return Client(_running["address"], "AF_UNIX", authkey=_running["key"])


def _clear() -> None:
    if _running:
        process = _running["process"]
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        _running.clear()


def _start() -> dict[str, Any]:
    """Start the worker; returns once it answers."""
    address, key = str(Path(tempfile.mkdtemp(prefix="imgcls-")) / "worker"), secrets.token_bytes(32)
    environment = allowed_paths.environment()
    path = os.pathsep.join(filter(None, [str(PROCESS.parents[1]), environment.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, PROCESS, address],
        stdin=subprocess.PIPE,  # its end tells the worker that the app has ended
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONPATH": path, KEY: key.hex()},
    )
    if process.stdout is None or process.stdout.readline() != "ready\n":
        raise RuntimeError(ENDED)
    return {"process": process, "address": address, "key": key}
