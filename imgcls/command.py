"""How every command begins, speaks and ends.

A command module has a frozen dataclass `Options`, whose fields are the flags, a `main(options)` that returns the exit
code, and the line `command.run(main, Options, __doc__)`. Nothing heavy is imported before the flags are read, so that
--help answers at once.
"""

import dataclasses
import difflib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import tyro

from imgcls.library_noise import without_library_noise

OK = 0
FAULT = 1  # a fault of imgcls or of the machine
BAD_INPUT = 2  # nothing was done
WITH_PROBLEMS = 3  # done, but for the files that the problems table names
INTERRUPTED = 130

Options = TypeVar("Options")
_running: list[ExitStack] = []  # for each command that runs in this process, what is undone when it ends


def run(
    main: Callable[[Options], int],
    options: type[Options],
    description: str,
    default: Callable[[], Options | None] = lambda: None,
) -> None:
    """Read the flags, call `main`, and leave with its exit code. No traceback reaches the user.

    default: makes the values that the flags change; where it returns None, those of the dataclass.
    """

    def work() -> int:
        check_choices(options, sys.argv[1:])
        parsed = tyro.cli(
            options,
            prog=f"python -m imgcls.{Path(sys.argv[0]).stem}",
            description=description,
            default=default(),
            config=(tyro.conf.OmitArgPrefixes,),
        )
        return main(parsed)

    sys.exit(guarded(work))


def check_choices(options: type, arguments: list[str]) -> None:
    """Raise ValueError, with the nearest name, if a flag that takes one of a few words is given another."""
    choices = dict(_choices(options))
    for flag, value in pairwise([*arguments, ""]):
        name, equals, inline = flag.partition("=")
        given = inline if equals else value
        if name in choices and given not in choices[name]:
            close = difflib.get_close_matches(given, choices[name], n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{name} is {given!r}; expected one of {', '.join(choices[name])}.{hint}")


def value_of(flag: str) -> str:
    """What stands behind a flag on the command line, before it is parsed; empty if the flag is not there."""
    for given, value in pairwise([*sys.argv[1:], ""]):
        name, equals, inline = given.partition("=")
        if name == flag:
            return inline if equals else value
    return ""


def _choices(options: type) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each flag whose field is a Literal of words, with the words."""
    for name, kind in get_type_hints(options).items():
        if dataclasses.is_dataclass(kind):
            yield from _choices(kind)
        elif get_origin(kind) is Literal:
            yield "--" + name.replace("_", "-"), get_args(kind)


def guarded(work: Callable[[], int]) -> int:
    """Call `work`; turn what it raises into one sentence and an exit code."""
    _running.append(ExitStack())
    try:
        return work()
    except BrokenPipeError:  # whoever read the output has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return complain("Interrupted.", INTERRUPTED)
    except (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError) as error:
        if _is_ours(error):
            return complain(str(error), BAD_INPUT)
        return _unexpected(error)
    except (OSError, RuntimeError, FloatingPointError, ConnectionError) as error:
        if _is_ours(error):
            return complain(str(error), FAULT)
        return _unexpected(error)
    except Exception as error:
        return _unexpected(error)
    finally:
        _running.pop().close()


def complain(message: str, code: int = BAD_INPUT) -> int:
    """Say on stderr what is wrong; returns `code`."""
    print(f"error: {message}", file=sys.stderr)
    return code


def _is_ours(error: BaseException) -> bool:
    """Whether the sentence was written in this package, and so for the user."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(Path(__file__).parent)


def _unexpected(error: BaseException) -> int:
    with tempfile.NamedTemporaryFile("w", prefix="imgcls-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    first_line = (str(error).strip().splitlines() or ["no message"])[0][:300]
    return complain(
        f"{type(error).__name__}: {first_line} This was not expected; the details are in {file.name}", FAULT
    )


def import_tensorflow() -> None:
    """Import TensorFlow without the lines that its libraries write to stderr, while they load and later."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()
    tf.get_logger().setLevel("ERROR")
    if _running:
        _running[-1].enter_context(without_library_noise())


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere; C++ libraries do not ask Python's sys.stderr."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
