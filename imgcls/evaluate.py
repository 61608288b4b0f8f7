"""Judge a trained model on images that it has not seen.

Prints the figures of each class and writes evaluation.json and report.html into the run folder. Those of another split
or of other images (--data) stand beside them, such as report-validation.html and report-photos-1f0c9a3e-all.html.

Examples:
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --split validation
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --data photos
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

    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    split: Literal["test", "validation", "train"] = "test"  # which images; all of --data, if it has no splits
    data: str = ""  # other images than the run's own: folder, manifest or card


def main(options: Options) -> int:
    """Judge the run and print the figures."""
    run = RunFolder(options.run)
    run.require_model()
    command.import_tensorflow()
    from imgcls.cli.run_evaluate import evaluate

    return evaluate(run, options.split, options.data)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
