"""What `python -m imgcls.client` does once its flags are read."""

from collections.abc import Sequence
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.run_predict import save_predictions, show_predictions
from imgcls.cli.terminal import progress_line, say
from imgcls.serving.client import Client
from imgcls.serving.client.questions import BATCH
from imgcls.serving.client.ranked import as_predictions
from imgcls.serving.prediction import Prediction


def ask(client: Client, paths: Sequence[Path], top: int, output: Path | None) -> int:
    """Ask for the files, print the table, and write it to `output`."""
    ranked: list[Prediction] = []
    with progress_line() as progress:
        report = progress.of("Asking", len(paths))
        for begin in range(0, len(paths), BATCH):
            ranked += client.predict(paths[begin : begin + BATCH])
            report(len(ranked))
    predictions = as_predictions(paths, ranked)
    show_predictions(predictions, top)
    if output:
        save_predictions(predictions, top, output)
        say(f"\nWritten to {output}")
    return command.OK if predictions.readable.all() else command.WITH_PROBLEMS
