"""How every command begins, speaks and ends.

A command module has a frozen dataclass `Options`, whose fields are the flags, a `main(options)` that returns the exit
code, and the line `command.run(main, Options, __doc__)`. Nothing heavy is imported before the flags are read, so that
--help answers at once.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from imgcls.cli import flags, memory_errors, system_errors
from imgcls.cli.library_noise import without_library_noise
from imgcls.cli.terminal import log_shown

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
    part: str = "",
) -> None:
    """Read the flags, call `main`, and leave with its exit code. No traceback reaches the user.

    options: has `first_flags`, names of fields, where --help shall show no others.
    default: makes the values that the flags change; where it returns None, those of the dataclass.
    part: the word behind the command's name, where one command has several.
    """
    with log_shown():
        sys.exit(guarded(lambda: main(parse(options, description, default, part))))


def parse(
    options: type[Options],
    description: str,
    default: Callable[[], Options | None] = lambda: None,
    part: str = "",
) -> Options:
    """What the command line says. Raises ValueError, in a sentence, if it cannot be; leaves after showing help."""
    for asked, first in ((flags.ALL, ()), ("--help", getattr(options, "first_flags", ()))):
        if asked in sys.argv or (asked == "--help" and "-h" in sys.argv):
            flags.show_help(options, f"{_program()} {part}".strip(), description, first)
            sys.stdout.flush()  # here, where a reader who has gone is no error
            sys.exit(OK)
    import tyro
    from tyro._errors import on_parse_error

    given: Any = default()  # tyro takes None for none, which its types do not say
    with on_parse_error(lambda event: flags.refuse(event, options)):
        words, config = flags.with_values(sys.argv[1:], options), (tyro.conf.OmitArgPrefixes,)
        parsed: Options = tyro.cli(options, args=words, default=given, add_help=False, config=config)
        return parsed


def _program() -> str:
    """How this command is called."""
    file = Path(sys.argv[0])
    name = file.parent.name if file.stem == "__main__" else file.stem
    ours = file.resolve().is_relative_to(Path(__file__).parents[1])
    return f"python -m imgcls.{name}" if ours else f"python {file.parent.name}/{file.name}"


def guarded(work: Callable[[], int]) -> int:
    """Call `work`; turn what it raises into one sentence and an exit code."""
    _running.append(ExitStack())
    try:
        code = work()
        sys.stdout.flush()  # here, where a reader who has gone is no error
        return code
    except BrokenPipeError:  # whoever read the output has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return complain("Interrupted.", INTERRUPTED)
    except (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError) as error:
        if _is_ours(error):
            return complain(str(error), BAD_INPUT)
        return _unexpected(error)
    except (OSError, RuntimeError, FloatingPointError, ConnectionError, MemoryError) as error:
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
    if isinstance(error, OSError) and error.errno is not None:
        return False
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(Path(__file__).parents[1])


def _unexpected(error: BaseException) -> int:
    if isinstance(error, OSError) and (said := system_errors.sentence(error)):
        return complain(said, BAD_INPUT if system_errors.is_of_the_user(error) else FAULT)
    if said := memory_errors.sentence(error):
        return complain(said, FAULT)
    with tempfile.NamedTemporaryFile("w", prefix="imgcls-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    first_line = (str(error).strip().splitlines() or ["no message"])[0][:300]
    return complain(
        f"{type(error).__name__}: {first_line} This was not expected; the details are in {file.name}", FAULT
    )


def import_tensorflow(with_keras: bool = True) -> None:
    """Import TensorFlow without the lines that its libraries write to stderr, while they load and later.

    with_keras: TensorFlow 2.21 imports Keras, and that scikit-learn and pandas, if it finds them. Without them it
        takes half the time and 150 MB less; Keras can still be imported later.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent_stderr(), nullcontext() if with_keras else _hidden("keras"):
        import tensorflow as tf

        tf.config.list_physical_devices()
    tf.get_logger().setLevel("ERROR")
    if _running:
        _running[-1].enter_context(without_library_noise())


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """Let a module look as if it were not installed, unless it is imported already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # what Python's import system takes for "not there"
    try:
        yield
    finally:
        del sys.modules[module]


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
