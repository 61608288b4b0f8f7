"""What `python -m imgcls.predict` does once its flags are read."""

from pathlib import Path

import pandas as pd

from imgcls.cli import command
from imgcls.cli.prediction_table import MOST_SHOWN, show_rows
from imgcls.cli.terminal import percent, progress_line, say, table
from imgcls.counted import counted
from imgcls.serving.predictor import Predictor
from imgcls.workflow.engine_choice import choose_engine
from imgcls.workflow.many_images.predict import ManyImages, predict_many
from imgcls.workflow.many_images.summary import Summary
from imgcls.workflow.predictor import load_predictor, pretrained_predictor
from imgcls.workflow.transcoded import transcoded_sentence


def predict(asked: ManyImages, is_path: bool, engine: str) -> int:
    """Predict the images, and say what was found and where it is.

    Args:
        asked: What is to be predicted.
        is_path: Whether `asked.source` is a run or bundle, not the name of an architecture.
        engine: What computes the network, as `choose_engine` takes it.
    """
    predictor = load_predictor(Path(asked.source)) if is_path else pretrained_predictor(asked.source)
    predictor = choose_engine(predictor, engine)
    with progress_line() as progress:
        summary = predict_many(
            predictor, asked, lambda done, total=None: progress.doing("Predicting", done, total, "images")
        )
    show(summary, predictor, asked.top, asked.output)
    _show_places(summary, asked)
    return command.WITH_PROBLEMS if summary.problems or summary.problems_before else command.OK


def show(summary: Summary, predictor: Predictor, top: int, output: Path | None = None) -> None:
    """Print the first rows, of many images how many got each answer, and the problems. output: keeps all rows."""
    if summary.is_small:
        _show_rows(summary, predictor, top, output)
    else:
        _show_counts(summary)
    if sentence := transcoded_sentence(summary.transcoded, summary.transcoded_count):
        say(f"\n{sentence}")
    if summary.problems:
        say(f"\n{summary.problems:,} of {counted(summary.count, 'file')} could not be read:")
        if not summary.is_small:
            table(["reason", "files"], [[why, f"{count:,}"] for why, count in summary.reasons.most_common(MOST_SHOWN)])
            say("The first of them:")
        shown = summary.first_problems[: MOST_SHOWN if summary.is_small else 3]
        table(["image", "problem"], [list(row) for row in shown], text_columns=2)


def _show_rows(summary: Summary, predictor: Predictor, top: int, output: Path | None) -> None:
    if not summary.first:
        return
    tables = [predictions.table(top, names) for names, predictions in summary.first]
    shown = pd.concat(tables, ignore_index=True)
    is_judged = summary.first[0][1].is_judged
    show_rows(shown, top, multi_label=predictor.multi_label, is_judged=is_judged, output=output)


def _show_counts(summary: Summary) -> None:
    """How many images got each answer, the commonest first."""
    say(f"{counted(summary.count, 'image')}:")
    common = summary.answers.most_common(MOST_SHOWN)
    rows = [[name.lstrip("_"), f"{count:,}", percent(count / summary.count)] for name, count in common]
    table(["answer", "images", "share"], rows)
    if len(summary.answers) > MOST_SHOWN:
        say(f"... and {counted(len(summary.answers) - MOST_SHOWN, 'answer')} more.")


def _show_places(summary: Summary, asked: ManyImages) -> None:
    if asked.output and not summary.count:
        say(f"\nThere is nothing to predict that is not in {asked.output} already.")
    elif asked.output:
        say(f"\nWritten to {asked.output}")
    if summary.problems_before:
        say(
            f"Of the {counted(summary.before, 'file')} whose rows were in {asked.output} already, "
            f"{summary.problems_before:,} could not be read; the column problem says why."
        )
    if asked.sort_into:
        _show_copies(summary, asked.sort_into, asked)


def _show_copies(summary: Summary, folder: Path, asked: ManyImages) -> None:
    """Where the copies of this start are, and how many images had their rows before, of which it makes none."""
    if summary.count and folder.is_dir():
        now = f" of the {counted(summary.count, 'image')} that came now" if summary.before else ""
        say(f"{'Links' if asked.link else 'Copies'} by class{now} are in {folder}: {_files(summary)}")
    if summary.before:
        say(
            f"Rows of {counted(summary.before, 'image')} were in {asked.output} already; this start copied none of "
            "these. If an earlier one did not copy them either, leave out --output: they are predicted again, and no "
            "file is overwritten."
        )


def _files(summary: Summary) -> str:
    """How many files were put into the folders of the classes, and how many not."""
    new = counted(summary.new_files, "new file")
    equal = f"; {summary.equal_files:,} more would equal a file of the same name that is there"
    return f"{new}{equal}" if summary.equal_files else new
