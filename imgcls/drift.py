"""Say whether today's images are still like those that a bundle's model was trained for.

A bundle holds what its validation images looked like: confidence, predicted classes, embeddings, brightness, sharpness,
size and shape. Images of today are compared with them, figure by figure. A log, which `python -m imgcls.predict
--output` wrote, holds no images, so only confidence and classes are compared.

Exit code: 0 if no drift is seen, 4 if there is drift, 5 if there are too few images to say (fewer than 30), 3 if no
drift is seen and files could not be read.

Examples:
  python -m imgcls.drift saved_models/photos photos_of_today
  python -m imgcls.drift saved_models/photos photos_of_today --output drift.html
  python -m imgcls.drift saved_models/photos predictions.jsonl
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    bundle: Annotated[Path, tyro.conf.Positional]  # folder of a bundle, or of one of its versions
    source: Annotated[str, tyro.conf.Positional]  # folder, glob or card of images; or a .csv, .jsonl or .parquet log
    images: int = 2000  # most images that are looked at, drawn at random; 0 for all
    output: Path | None = None  # .html page with today's distributions over those of the reference, or .json figures


def main(options: Options) -> int:
    """Compare the images with the bundle's reference and print what was found."""
    if options.images < 0:
        raise ValueError(f"--images is {options.images}; expected 0 for all, or a number of images.")
    if options.output:
        if options.output.suffix not in (".html", ".json"):
            raise ValueError(f"--output is {options.output}; expected a file that ends in .html or .json.")
        check_writable(options.output)
    command.import_tensorflow()
    from imgcls.cli.run_drift import drift

    return drift(options.bundle, options.source, options.images, options.output)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
