"""What `python -m imgcls.client` does once its flags are read."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from imgcls.cli import command
from imgcls.cli.prediction_table import MOST_SHOWN, show_rows
from imgcls.cli.terminal import progress_line, say, table
from imgcls.counted import counted
from imgcls.files import replacing
from imgcls.serving.client import Client
from imgcls.serving.client.questions import BATCH
from imgcls.serving.client.ranked import as_predictions
from imgcls.serving.prediction import Prediction
from imgcls.workflow.many_images.row_files import row_file


def ask(client: Client, paths: Sequence[Path], top: int, output: Path | None) -> int:
    """Ask for the files, print the table, and write it to `output`."""
    ranked: list[Prediction] = []
    with progress_line() as progress:
        report = progress.of("Asking", len(paths))
        for begin in range(0, len(paths), BATCH):
            ranked += client.predict(paths[begin : begin + BATCH])
            report(len(ranked))
    predictions = as_predictions(paths, ranked)
    shown = predictions.table(top)
    show_rows(shown, top, multi_label=False, is_judged=predictions.is_judged, output=output)
    _show_problems(shown)
    if output:
        with replacing(output) as partial, row_file(partial, list(shown.columns)) as write:
            write(shown)
        say(f"\nWritten to {output}")
    return command.OK if predictions.readable.all() else command.WITH_PROBLEMS


def _show_problems(shown: pd.DataFrame) -> None:
    bad = shown[shown["problem"] != ""]
    if len(bad):
        say(f"\n{len(bad):,} of {counted(len(shown), 'file')} could not be read:")
        table(["image", "problem"], bad[["image", "problem"]].head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)
