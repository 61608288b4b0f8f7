"""What commands show in a terminal: tables, progress, the next step."""

import logging
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

WIDE = 200  # columns
NAMED = 3  # files in a sentence
console = Console(highlight=False, soft_wrap=True)


@contextmanager
def progress(what: str, total: int | None) -> Iterator:
    """A bar that is gone when the work is done; yields a function that takes the number done so far.

    total: of what is to be done; the function takes another one as its second argument, if it is known later.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)


class TerminalHandler(logging.Handler):
    """Shows the sentences of the log: decisions (INFO) as lines on stdout, warnings on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one sentence."""
        if record.levelno >= logging.WARNING:
            warn(record.getMessage())
        else:
            say(record.getMessage())


@contextmanager
def log_shown() -> Iterator[None]:
    """Within, what the package logs is shown in the terminal."""
    logger, handler = logging.getLogger("imgcls"), TerminalHandler(logging.INFO)
    if any(isinstance(each, TerminalHandler) for each in logger.handlers):
        yield
        return
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def say(line: str = "") -> None:
    """Print a line as it is, without markup."""
    console.print(line, markup=False)


def warn(line: str) -> None:
    """Print a warning on stderr."""
    with suppress(BrokenPipeError):  # nobody reads it
        print(f"warning: {line}", file=sys.stderr)


def go_on_unread() -> None:
    """From now on the work goes on when nobody reads the output any more, such as behind `head`."""

    def quiet() -> None:
        console.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    console.on_broken_pipe = quiet


def table(header: list[str], rows: list[list[str]], text_columns: int = 1) -> None:
    """Print a table; the first `text_columns` columns are text, the others numbers."""
    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(header):
        drawn.add_column(name, justify="left" if place < text_columns else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell.replace("[", "\\[") for cell in row))
    shown = Console(highlight=False)
    if not shown.is_terminal:
        shown.width = WIDE  # a file or a pipe has no edge to fold at
    shown.print(drawn)


def say_transcoded(names: Sequence[str]) -> None:
    """Say which files were not read as they are, if there are any."""
    if names:
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        say(
            f"\nRead as a PNG made of it, because TensorFlow would not decode it or not rightly: {len(names):,} files, "
            f"{', '.join(names[:NAMED])}{more}"
        )


def next_step(*lines: str) -> None:
    """Print what to type next."""
    say("\nNext:")
    for line in lines:
        say(f"  {line}")


def percent(share: float | None) -> str:
    return "-" if share is None or math.isnan(share) else f"{100 * share:.1f} %"
