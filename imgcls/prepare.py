"""Lay a data set down as a few large files of small images, so that training reads and decodes less.

Images are shrunk once, to a shorter side of 256 pixels unless --side says otherwise, and written as shards with
checksums; small sets as pixels, which need no decoding. What was interrupted goes on when it is called again, and
a damaged shard is named and written anew. Training takes the folder as --data.

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
from imgcls.counted import counted
from imgcls.files import check_writable

PIXELS_UP_TO = 8 << 30  # bytes of all images as pixels, for --kind auto


@dataclass(frozen=True)
class Options:
    data: Annotated[str, tyro.conf.Positional]  # folder, manifest or card, as --data of training
    output: Path | None = None  # folder for the shards; prepared/<data> if not given
    kind: Literal["auto", "pixels", "jpeg", "as_they_are"] = "auto"  # auto: pixels up to 8 GiB in all, else jpeg
    side: int = 256  # pixels of the shorter side; larger images are shrunk; 0: none is
    container: Literal["tfrecord", "array_record"] = "tfrecord"  # format of the shards
    images_per_shard: int = 2000  # at most
    check: bool = False  # only read every shard of a prepared folder, and compare the checksums


def main(options: Options) -> int:
    if options.side and not 16 <= options.side <= 4096:
        raise ValueError(f"--side is {options.side}; expected 16 to 4096 pixels, or 0.")
    if not 1 <= options.images_per_shard <= 1_000_000:
        raise ValueError(f"--images-per-shard is {options.images_per_shard}; expected 1 to 1,000,000.")
    if options.kind == "as_they_are" and options.side != Options.side and options.side:
        raise ValueError("--kind as_they_are shrinks nothing; leave out --side, or choose --kind jpeg.")
    command.import_tensorflow()
    from imgcls.cli.terminal import next_step, progress, say, warn
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.prepared.load import is_prepared, load_prepared
    from imgcls.data.prepared.shards import Preparation, pixel_bytes, prepare
    from imgcls.data.sources.load import load_manifest

    if options.check:
        if not is_prepared(Path(options.data)):
            raise ValueError(f"{options.data} is no prepared folder; --check reads one that this command wrote.")
        manifest = load_prepared(Path(options.data), thorough=True)
        say(f"All shards of {options.data} are whole: {counted(len(manifest.usable), 'image')}.")
        return command.OK

    output = options.output or Path("prepared", Path(options.data).stem)
    check_writable(output, folder=True)
    manifest = load_manifest(options.data, warn)
    with progress("Looking at every image", len(manifest.table)) as on_progress:
        manifest = inspect(manifest, on_progress)
    kind, side = options.kind, 0 if options.kind == "as_they_are" else options.side
    if kind == "auto":
        size = pixel_bytes(manifest, side)
        kind = "pixels" if size <= PIXELS_UP_TO else "jpeg"
        say(f"--kind {kind}: as pixels the images take {size / 2**30:.2f} GiB.")
    with progress("Writing shards", len(manifest.usable)) as on_progress:
        prepared = prepare(
            manifest, output, Preparation(kind, side, options.container, options.images_per_shard), on_progress, say
        )
    problems = [
        *manifest.problems.itertuples(index=False, name=None),
        *prepared.problems.itertuples(index=False, name=None),
    ]
    for file, reason in problems:
        warn(f"{file} is left out: {reason}.")
    written = sum(path.stat().st_size for path in output.glob("shard-*"))
    say(f"{counted(len(prepared.usable), 'image')} written to {output} ({written / 2**20:,.0f} MiB).")
    next_step(f"python -m imgcls.train --data {output}")
    return command.WITH_PROBLEMS if problems else command.OK


if __name__ == "__main__":
    command.run(main, Options, __doc__)
