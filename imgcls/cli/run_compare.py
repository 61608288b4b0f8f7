"""What `python -m imgcls.compare` does once its flags are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.comparison.comparison import Comparison, Ranking
from imgcls.evaluation.comparison.page import class_sentences, classes_table, metrics_table, ranking_table
from imgcls.evaluation.pages.section import TextTable
from imgcls.workflow.compare import Compared, compare_runs

IN_TERMINAL = ("accuracy", "macro_f1", "loss")  # metrics of many runs; the page has all


def compare(sources: Sequence[Path], split: Literal["test", "validation"], data: str, output: Path | None) -> int:
    """Compare runs, print what was found, and write the page if one is wanted."""
    with progress_line() as progress:
        compared = compare_runs(sources, split, data, progress)
    show_comparison(compared)
    if output:
        compared.page().write(output)
        say(f"\nWritten to {output}")
    else:
        flags = [*(["--split", split] if split != "test" else []), *(["--data", data] if data else [])]
        next_step(command_line("compare", *sources, *flags, "--output", "comparison.html"))
    return command.OK


def show_comparison(compared: Compared) -> None:
    """Print the tables, the verdict, and what differs in the configs."""
    if isinstance(compared.found, Comparison):
        _show_two(compared.found)
    else:
        _show_many(compared.found)
    if compared.config:
        say("\nThe configs differ:")
        _print(compared.config, text_columns=len(compared.config.columns))
    say()
    for sentence in (*compared.found.sentences, *compared.sentences):
        say(sentence)
    say(f"Compared on {compared.part}. {compared.found.verdict()}")


def _show_two(found: Comparison) -> None:
    _print(classes_table(found))
    say()
    _print(metrics_table(found))
    if found.is_enough:
        say()
        for sentence in class_sentences(found):
            say(sentence)
    first, second = found.names
    say(f"{second} alone is right on {counted(len(found.gained), 'image')}, {first} alone on {len(found.lost):,}.")


def _show_many(found: Ranking) -> None:
    _print(ranking_table(found, IN_TERMINAL), text_columns=2)


def _print(shown: TextTable, text_columns: int = 1) -> None:
    table(list(shown.columns), [list(row) for row in shown.rows], text_columns)
