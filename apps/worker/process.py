"""The worker: answers calls of the app until the app ends. Started by `worker.client`, with the address as argument."""

import importlib
import inspect
import os
import sys
import threading
from multiprocessing.connection import Connection, Listener

from imgcls.cli import command

KEY = "IMGCLS_WORKER_KEY"  # environment variable; proves to each other that they belong together
_importing = threading.Lock()
SENTENCES = (ValueError, OSError)  # what is written for the user; anything else is a fault


def main(address: str) -> None:
    """Answer at this address, a thread for each call."""
    key = bytes.fromhex(os.environ.pop(KEY))
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    with Listener(address, "AF_UNIX", authkey=key) as listener:
        print("ready", flush=True)
        threading.Thread(target=_import, daemon=True).start()  # before it is asked for anything
        while True:
            threading.Thread(target=_answer, args=(listener.accept(),), daemon=True).start()


def _answer(caller: Connection) -> None:
    with caller:
        try:
            name, arguments = caller.recv()
            _work(caller, name, arguments)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the page was closed
        except SENTENCES as error:
            caller.send(("refused", (_kind(error), str(error))))
        except Exception as error:
            caller.send(("fault", f"{type(error).__name__}: {error}"))


def _kind(error: Exception) -> type:
    """The kind of error that a sentence alone makes: those of libraries, and of Unicode, ask for more."""
    return next(
        each for each in type(error).__mro__ if each.__module__ == "builtins" and not issubclass(each, UnicodeError)
    )


def _work(caller: Connection, name: str, arguments: dict) -> None:
    """Send what a function returns; of a generator each part, as it comes."""
    module, function = name.split(".")
    _import()
    result = getattr(importlib.import_module(f"worker.tasks.{module}"), function)(**arguments)
    if inspect.isgenerator(result):
        for part in result:
            caller.send(("part", part))
        result = None
    caller.send(("result", result))


def _import() -> None:
    with _importing:
        command.import_tensorflow()


def _end_with_the_app() -> None:
    sys.stdin.read()  # ends when the app does, however it does
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
