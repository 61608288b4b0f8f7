"""What `python -m imgcls.benchmark` does once its flags are read."""

import sys

from imgcls.cli import command
from imgcls.cli.terminal import console, next_step, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.workflow.benchmark.benchmark import Benchmark
from imgcls.workflow.benchmark.network import short_name
from imgcls.workflow.benchmark.outcome import Outcome
from imgcls.workflow.benchmark.recommendation import TITLES
from imgcls.workflow.benchmark.request import BenchmarkRequest
from imgcls.workflow.benchmark.table import fitting, measurements_table, problem_sentences
from imgcls.workflow.benchmark.to_accuracy import to_accuracy_table

PAGE = "report.html"


def benchmark(request: BenchmarkRequest) -> int:
    """Measure networks, show what was found, and write the page; also of what was measured before an interruption."""
    measuring = Benchmark(request)
    for engine, how in measuring.missing.items():
        say(f"{TITLES[engine]} is not installed, and has no part: {how}")
    try:
        with progress_line() as progress:
            outcome = measuring.measure(progress)
    except KeyboardInterrupt:
        if measuring.has_begun:
            show_and_write(measuring.outcome())
            if request.train != "probe":
                say(f"A training that had begun is kept in {request.folder}; the same command goes on with it.")
            next_step(_same_command())
        raise
    show_and_write(outcome)
    if outcome.left:
        next_step(_same_command())
    elif outcome.recommendation.commands:
        next_step(*outcome.recommendation.commands)
    return command.WITH_PROBLEMS if outcome.left or problem_sentences(outcome.rows) else command.OK


def show_and_write(outcome: Outcome) -> None:
    """Print the table, the problems and the recommendation, and write the page."""
    if not outcome.rows:
        say("\nNothing was measured.")
        return
    shown = measurements_table(outcome.rows)
    if console.is_terminal:
        shown = fitting(shown, console.width)  # the page has all columns
    say()
    table(list(shown.columns), [list(row) for row in shown.rows], text_columns=2)
    say()
    for sentence in problem_sentences(outcome.rows):
        say(sentence)
    if outcome.left:
        say(f"No time was left for {', '.join(map(short_name, outcome.left))}.")
    if outcome.request.to_accuracy:
        times = to_accuracy_table(outcome.rows, outcome.request)
        table(list(times.columns), [list(row) for row in times.rows])
        say()
    for sentence in outcome.recommendation.sentences:
        say(sentence)
    last = outcome.rows[-1]
    base = f" A process that only loads Python and TensorFlow has {last.memory_base_mb:,.0f} MB of the memory."
    page = outcome.request.folder / PAGE
    outcome.page().write(page)
    say(f"\nMachine: {last.machine}.{base}\nThe pictures: {page}\nAll measurements: {outcome.file}")


def _same_command() -> str:
    return command_line("benchmark", *sys.argv[1:])
