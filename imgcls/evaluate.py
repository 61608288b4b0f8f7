"""Judge a classifier, of a run or of an exported bundle, on images that it has not seen.

Prints the figures of each class, and writes report.html, evaluation.json, model_card.md and the table of predictions
into the run folder. Those of another split or of other images (--data) stand beside them, such as
report-validation.html and report-photos-1f0c9a3e-all.html. Predictions that are saved already are not made again.

Examples:
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --split validation
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --data photos
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --learning-curve
  python -m imgcls.evaluate saved_models/fashion_mini-resnet20-1 --data photos
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.run_folder import RunFolder


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    source: Annotated[Path, tyro.conf.Positional]  # folder of a run or of a bundle
    split: Literal["test", "validation", "train"] = "test"  # which images; all of --data, if it has no splits
    data: str = ""  # other images than the run's own: folder, manifest or card; a bundle needs them
    learning_curve: bool = False  # measure what more training images would bring, by heads on frozen features
    output: str = ""  # folder for what is written; empty: the run's, and evaluations/ for a bundle


def main(options: Options) -> int:
    """Judge the classifier and print the figures."""
    from imgcls.workflow.sources import is_bundle

    if not is_bundle(options.source):
        RunFolder(options.source).require_model()
    command.import_tensorflow()
    from imgcls.cli.run_evaluate import evaluate

    return evaluate(options)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
