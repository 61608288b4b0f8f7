"""Name what is on images, with a trained run, an exported bundle, or published ImageNet weights.

Examples:
  python -m imgcls.predict runs/fashion_mini-resnet20-1 datasets/fashion_mini/test/bag
  python -m imgcls.predict saved_models/fashion_mini-resnet20-1 'photos/*.jpg' --output predictions.csv
  python -m imgcls.predict photo.jpg --model efficientnet_lite0

Files that cannot be read stand in the table with their reason; the exit code is then 3.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.terminal import next_step
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"

OUTPUT_FORMATS = (".csv", ".jsonl", ".parquet")
MOST_REPEATED = 3  # names of images that the next step repeats


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]  # run or bundle, then image files, folders, globs, cards
    model: str = ""  # an architecture with published ImageNet weights, in place of a run or bundle
    top: int = 3  # classes named for each image
    output: Path | None = None  # .csv, .jsonl or .parquet file for the table


def main(options: Options) -> int:
    """Predict the images and print the table."""
    source, names = ((), options.inputs) if options.model else (options.inputs[:1], options.inputs[1:])
    if not options.inputs or not names:
        what = "an image" if options.model else "a run or bundle, and then images"
        raise ValueError(f"Expected {what}. For example: python -m imgcls.predict runs/my-run photos/")
    if options.top < 1:
        raise ValueError(f"--top is {options.top}; expected at least 1.")
    if options.output and options.output.suffix not in OUTPUT_FORMATS:
        raise ValueError(f"--output is {options.output}; expected a file that ends in {', '.join(OUTPUT_FORMATS)}.")
    if options.output:
        check_writable(options.output)
    from imgcls.workflow.sources import check_source, is_bundle, list_images

    if source:
        check_source(Path(source[0]))
    paths = list_images(names)
    command.import_tensorflow()
    from imgcls.cli.run_predict import predict

    code = predict(options.model or Path(source[0]), paths, options.top, options.output)
    next_step(*_what_next(options, bool(source) and is_bundle(Path(source[0]))))
    return code


def _what_next(options: Options, is_bundle: bool) -> list[str]:
    """What to type next: keep the table, and then the next command on the road."""
    source, *images = options.inputs
    named = " ".join(map(shlex.quote, options.inputs)) if len(images) <= MOST_REPEATED else f"{source} YOUR_IMAGES"
    with_model = f" --model {options.model}" if options.model else ""
    keep = [] if options.output else [f"python -m imgcls.predict {named}{with_model} --output predictions.csv"]
    if options.model:
        return [*keep, f"python -m imgcls.train --data YOUR_FOLDER --model {options.model}   # your own classes"]
    return [*keep, f"python -m imgcls.{'serve' if is_bundle else 'export'} {shlex.quote(source)}"]


if __name__ == "__main__":
    command.run(main, Options, __doc__)
