"""Lay a data set down as a few large files of small images, so that training reads and decodes less.

Images are shrunk once, to a shorter side of 256 pixels unless --side says otherwise, and written as shards with
checksums; small sets as pixels, which need no decoding. What was interrupted goes on when it is called again, and
a damaged shard is named and written again. Training takes the folder as --data.

Examples:
  python -m imgcls.prepare photos --output prepared/photos
  python -m imgcls.prepare photos --output prepared/photos --kind jpeg --side 320
  python -m imgcls.prepare prepared/photos --check
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.files import check_writable


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    data: Annotated[str, tyro.conf.Positional]  # folder, manifest or card, as --data of training
    output: Path | None = None  # folder for the shards; prepared/<data> if not given
    kind: Literal["auto", "pixels", "jpeg", "as_they_are"] = "auto"  # auto: pixels up to 8 GiB in all, else jpeg
    side: int = 256  # pixels of the shorter side; larger images are shrunk; 0: none is
    container: Literal["tfrecord", "array_record"] = "tfrecord"  # format of the shards
    images_per_shard: int = 2000  # at most
    check: bool = False  # only read every shard of a prepared folder, and compare the checksums


def main(options: Options) -> int:
    """Write the shards, or check them, and print what came of it."""
    if options.side and not 16 <= options.side <= 4096:
        raise ValueError(f"--side is {options.side}; expected 16 to 4096 pixels, or 0.")
    if not 1 <= options.images_per_shard <= 1_000_000:
        raise ValueError(f"--images-per-shard is {options.images_per_shard}; expected 1 to 1,000,000.")
    if options.kind == "as_they_are" and options.side != Options.side and options.side:
        raise ValueError("--kind as_they_are shrinks nothing; leave out --side, or choose --kind jpeg.")
    output = options.output or Path("prepared", Path(options.data).stem)
    if not options.check:
        check_writable(output, folder=True)
    command.import_tensorflow()
    from imgcls.cli.run_prepare import check, prepare_and_show

    if options.check:
        return check(Path(options.data))
    side = 0 if options.kind == "as_they_are" else options.side
    return prepare_and_show(options.data, output, options.kind, (side, options.container, options.images_per_shard))


if __name__ == "__main__":
    command.run(main, Options, __doc__)
