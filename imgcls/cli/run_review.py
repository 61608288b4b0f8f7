"""What `python -m imgcls.review` does once its flags are read."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, table, warn
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.review.page import review_sentences, train_corrected
from imgcls.run_folder import RunFolder
from imgcls.workflow.label_queue import sort_images
from imgcls.workflow.review import CORRECTIONS, FIGURES, PAGE, Review, ReviewOptions, review_run

MOST_SHOWN = 10  # lines of a table in the terminal


def review_labels(run: RunFolder, folds: int, most: int, retrain: bool, accept_above: float | None) -> int:
    """Review the labels of a run, write the page and the corrections, and print what was found."""
    options = ReviewOptions(folds, most, retrain, accept_above)
    with progress_line() as progress:
        found = review_run(run, options, progress)
        progress.doing("Writing the page", 0)
        files = found.write()
    _show(found)
    say(f"\nDecide image by image: {files[PAGE]}\nCorrections: {files[CORRECTIONS]}\nFigures: {files[FIGURES]}")
    _show_problems(found.problems)
    new = f"{run.path.resolve().name}-corrected"
    next_step(
        f"open {shlex.quote(str(files[PAGE]))}   # decide, and download corrections.csv",
        train_corrected(run.path, files[CORRECTIONS], new),
        command_line("compare", run.path, Path(run.config.runs) / new),
    )
    return command.WITH_PROBLEMS if found.problems else command.OK


def _show(found: Review) -> None:
    figures = found.to_dict()
    say()
    for sentence in review_sentences(figures):
        say(sentence)
    if figures["pairs"]:
        say()
        rows = [[pair["given"], pair["looks_like"], f"{pair['images']:,}"] for pair in figures["pairs"][:MOST_SHOWN]]
        table(["labelled", "looks like", "images"], rows, text_columns=2)
    if found.options.accept_above is None:
        say(
            f"\n{CORRECTIONS} lists {counted(len(found.shown), 'image')} with the label as it is and the suggestion "
            "beside it; nothing is changed. --accept-above 0.95 would write the surest suggestions as labels."
        )
    else:
        say(
            f"\n{counted(figures['accepted'], 'suggestion')} of at least {found.options.accept_above:g} are written as "
            f"labels into {CORRECTIONS}, none of them in the test split. Look at them before you train."
        )


def _show_problems(problems: Sequence[tuple[str, str]]) -> None:
    for file, why in problems[:MOST_SHOWN]:
        warn(f"{file} is left out: {why}.")
    if len(problems) > MOST_SHOWN:
        warn(f"{len(problems) - MOST_SHOWN:,} more images are left out; {FIGURES} names them.")


def sort_unlabeled(source: Path, folder: Path, most: int, image_url: str, output: Path | None) -> int:
    """Sort images without labels, and write the page, the table, and the file for Label Studio."""
    with progress_line() as progress:
        found = sort_images(source, folder, most, progress)
        progress.doing("Writing the page", 0)
        files = found.write(output, image_url)
    say()
    for sentence in found.sentences():
        say(sentence)
    rows = [
        [str(row["image"]), str(row["class"]), f"{row['probability']:.3f}", f"{row['doubt']:.3f}"]
        for row in found.table().head(MOST_SHOWN).to_dict("records")
    ]
    say()
    table(["image", "perhaps", "probability", "doubt"], rows, text_columns=2)
    say(
        f"\nLabel them here: {files['page']}\nOr in Label Studio: {files['tasks']}, with the labelling form "
        f"{files['form']}\nTable: {files['table']}"
    )
    for file, why in found.problems[:MOST_SHOWN]:
        warn(f"{file} is left out: {why}.")
    if len(found.problems) > MOST_SHOWN:
        warn(f"{len(found.problems) - MOST_SHOWN:,} more files are left out.")
    next_step(command_line("import_labels", "EXPORT.json", "--images", folder))
    return command.WITH_PROBLEMS if found.problems else command.OK
