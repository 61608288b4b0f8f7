"""What commands show in a terminal: sentences of the log, tables, progress, the next step."""

import logging
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from imgcls.cli.progress_file import ProgressFile
from imgcls.durations import clock
from imgcls.progress import Progress

WIDE = 200  # columns
LEAST_WAITING = 0.05  # share of the time, from which the line says that training waits for images
console = Console(highlight=False, soft_wrap=True)


class ProgressLine(Progress):
    """A line that follows the work and is gone when it is done, and one that stays for each epoch."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("Starting", total=None, facts="")
        self._file = ProgressFile()
        self._what, self._first, self._began = "", 0, time.monotonic()

    def doing(self, what: str, done: int, total: int | None = None, unit: str = "") -> None:
        """Show how much of some work is done, and how long the rest will take; with a unit also how many a second."""
        if what != self._what or done < self._first:
            self._begin(what, done)
        counts = f"{done:,}/{total:,}  {self._left(done, total)} left" if total else f"{done:,}" if done else ""
        if unit and done > self._first:
            counts += f"  {self._rate(done):.0f} {unit}/s"
        self._bar.update(self._task, description=what, completed=done, total=total, facts=counts)
        self._file.write(what, done, total)

    def step(self, status: dict[str, Any]) -> None:
        """Show the epoch, its metrics so far, and how long the run will take."""
        if "doing" in status:
            self.doing(status["doing"], status["done"], status["total"])
            return
        steps = status["steps"]
        done = (status["epoch"] - 1) * steps + status["step"]
        if self._what != "training":
            self._begin("training", done)
        metrics = status["metrics"]
        learned = f"loss {metrics['loss']:.3f}  accuracy {100 * metrics['accuracy']:.1f} %  " if metrics else ""
        waited = status.get("waiting_for_data", 0.0)
        waits = f"  waits {waited:.0%} for images" if waited >= LEAST_WAITING else ""
        rate, left = status["images_per_second"], self._left(done, status["epochs"] * steps)
        facts = f"{learned}{rate:.0f} images/s{waits}  {left} left"
        text = f"epoch {status['epoch']}/{status['epochs']}"
        self._file.write(text, done, status["epochs"] * steps)
        self._bar.update(self._task, description=text, completed=status["step"], total=steps, facts=facts)

    def epoch(self, row: dict[str, Any]) -> None:
        """Print the metrics of an epoch; epoch 0 is that of a fitted head."""
        name = f"epoch {row['epoch']:>3}/{row['epochs']}" if row["epoch"] else "the head alone"
        rate = f"{row['images_per_second']:.0f} images/s" if row["epoch"] else f"{row['seconds']:.1f} s"
        console.print(f"{name}  {_figures(row)}  {rate}")

    def _begin(self, what: str, done: int) -> None:
        self._what, self._first, self._began = what, done, time.monotonic()

    def _left(self, done: int, total: int) -> str:
        rate = self._rate(done)
        return clock(max(total - done, 0) / rate) if rate else "?"

    def _rate(self, done: int) -> float:
        return (done - self._first) / max(time.monotonic() - self._began, 1e-9)


def _figures(row: dict[str, Any]) -> str:
    """Loss and quality of an epoch; that of several labels an image is the average precision, as hardly any are all
    right at first."""
    of_several = row.get("val_macro_average_precision") if "val_hamming_loss" in row else None
    if of_several is not None:
        return (
            f"loss {row['loss']:.3f}  validation loss {row['val_loss']:.3f}  "
            f"macro average precision {of_several:.3f}  all labels right {100 * row['val_accuracy']:5.1f} %"
        )
    return (
        f"loss {row['loss']:.3f}  accuracy {100 * row['accuracy']:5.1f} %  "
        f"validation loss {row['val_loss']:.3f}  accuracy {100 * row['val_accuracy']:5.1f} %"
    )


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """Within, work can show its progress; a bar in a terminal, a widget in a notebook, else only lines."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[facts]}"))
    shown = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
    with Bar(*columns, console=console, transient=True, disable=not shown) as bar:
        yield ProgressLine(bar)


class TerminalHandler(logging.Handler):
    """Shows the sentences of the log: decisions (INFO) as lines on stdout, warnings on stderr.

    Only a server logs an exception, for its operator: its traceback follows the sentence.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Print one sentence."""
        if record.levelno >= logging.WARNING:
            traceback = f"\n{logging.Formatter().formatException(record.exc_info)}" if record.exc_info else ""
            warn(f"{record.getMessage()}{traceback}")
        else:
            say(record.getMessage())


@contextmanager
def log_shown() -> Iterator[None]:
    """Within, what the package logs is shown in the terminal."""
    logger, handler = logging.getLogger("imgcls"), TerminalHandler(logging.INFO)
    if any(isinstance(each, TerminalHandler) for each in logger.handlers):
        yield
        return
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = bool(logging.getLogger().handlers)  # absl adds one of its own, which would say all a second time
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


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

    console.on_broken_pipe = quiet  # type: ignore[method-assign]  # Rich asks for a subclass; there is one console


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


def next_step(*lines: str) -> None:
    """Print what to type next."""
    say("\nNext:")
    for line in lines:
        say(f"  {line}")


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal; a dash if there is none."""
    return "-" if share is None or math.isnan(share) else f"{100 * share:.1f} %"
