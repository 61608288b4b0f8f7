"""Say which of two runs or more is better on the same images, by how much, and whether that may be chance.

Reads the predictions that `evaluate` saved, or makes them. Two runs: McNemar's exact test, the interval of every
difference by the paired bootstrap, the classes, and the images gained and lost. Three and more: a table with the best
run first, each against the best, corrected for the number of comparisons, and what differs in their configs.

Examples:
  python -m imgcls.compare runs/photos-1 runs/photos-2
  python -m imgcls.compare runs/photos-1 runs/photos-2 --output comparison.html
  python -m imgcls.compare runs/photos-* --split validation
  python -m imgcls.compare saved_models/photos/1 saved_models/photos/2 --data new_photos
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.files import check_writable
from imgcls.run_folder import RunFolder


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    sources: Annotated[tuple[Path, ...], tyro.conf.Positional]  # folders of two runs, or bundles, or more
    split: Literal["test", "validation"] = "test"  # which images; all of --data, if it has no splits
    data: str = ""  # other labelled images than the runs' own: folder, manifest or card; bundles need them
    output: Path | None = None  # .html page with the figures, and the images gained and lost


def main(options: Options) -> int:
    """Compare the runs and print what was found."""
    if options.output:
        if options.output.suffix != ".html":
            raise ValueError(f"--output is {options.output}; expected a file that ends in .html.")
        check_writable(options.output)
    from imgcls.workflow.sources import is_bundle

    for source in options.sources:
        if not is_bundle(source):
            RunFolder(source).require_model()
    command.import_tensorflow()
    from imgcls.cli.run_compare import compare

    return compare(options.sources, options.split, options.data, options.output)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
