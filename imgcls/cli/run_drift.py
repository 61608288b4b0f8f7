"""What `python -m imgcls.drift` does once its flags are read."""

from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.drift.drift import LEAST_IMAGES, Drift
from imgcls.evaluation.drift.page import drift_table
from imgcls.files import write_json
from imgcls.workflow.drift import Drifted, find_drift

DRIFT = 4  # exit code
TOO_FEW = 5  # exit code
MOST_SHOWN = 10  # files that could not be read


def drift(bundle: Path, source: str, images: int, output: Path | None) -> int:
    """Compare images or a log with a bundle's reference, print what was found, and write the page if one is wanted."""
    with progress_line() as progress:
        found = find_drift(bundle, source, images, progress)
    show_drift(found)
    if output and output.suffix == ".json":
        write_json(output, {**found.drift.to_dict(), "source": source, "problems": list(found.problems)})
    elif output:
        found.page().write(output)
    if output:
        say(f"\nWritten to {output}")
    if not output or not found.drift.is_enough:
        next_step(_what_next(bundle, source, found.drift))
    return _exit_code(found)


def _what_next(bundle: Path, source: str, drift: Drift) -> str:
    """The page, where there is something to show; else what gives enough images."""
    if drift.is_enough:
        return command_line("drift", bundle, source, "--output", "drift.html")
    if drift.images < LEAST_IMAGES:
        return command_line("drift", bundle, "MORE_IMAGES")
    train = command_line("train", "--data", "YOUR_FOLDER", "--validation-size", LEAST_IMAGES)
    return f"{train}   # or more; then export it"


def show_drift(found: Drifted) -> None:
    """Print the table, what could not be read, and the verdict."""
    shown = drift_table(found.drift)
    if found.drift.is_enough:
        table(list(shown.columns), [list(row) for row in shown.rows], text_columns=2)
        say()
    if found.problems:
        say(f"{counted(len(found.problems), 'file')} could not be read:")
        table(["image", "problem"], [list(pair) for pair in found.problems[:MOST_SHOWN]], text_columns=2)
        say()
    say(found.drift.verdict())


def _exit_code(found: Drifted) -> int:
    if not found.drift.is_enough:
        return TOO_FEW
    if found.drift.found:
        return DRIFT
    return command.WITH_PROBLEMS if found.problems else command.OK
