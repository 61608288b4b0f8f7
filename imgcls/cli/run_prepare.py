"""What `python -m imgcls.prepare` does once its flags are read."""

import logging
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, warn
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.data.inspection.inspect import inspect
from imgcls.data.prepared.load import is_prepared, load_prepared
from imgcls.data.prepared.preparation import Preparation, pixel_bytes
from imgcls.data.prepared.shards import prepare
from imgcls.data.sources.load import load_manifest

PIXELS_UP_TO = 8 << 30  # bytes of all images as pixels, for --kind auto
log = logging.getLogger(__name__)


def check(folder: Path) -> int:
    """Read every shard of a prepared folder, and compare the checksums."""
    if not is_prepared(folder):
        raise ValueError(f"{folder} is no prepared folder; --check reads one that this command wrote.")
    manifest = load_prepared(folder, thorough=True)
    say(f"All shards of {folder} are whole: {counted(len(manifest.usable), 'image')}.")
    return command.OK


def prepare_and_show(data: str, output: Path, kind: str, shards: tuple[int, str, int]) -> int:
    """Write the images as shards, and print how many and where.

    shards: the images' shorter side in pixels, the shards' format, and the most images a shard.
    """
    side, container, images_per_shard = shards
    manifest = load_manifest(data)
    with progress_line() as progress:
        manifest = inspect(manifest, progress.of("Reading every image", len(manifest.table)))
        if kind == "auto":
            size = pixel_bytes(manifest, side)
            kind = "pixels" if size <= PIXELS_UP_TO else "jpeg"
            say(f"--kind {kind}: as pixels the images take {size / 2**30:.2f} GiB.")
        preparation = Preparation(kind, side, container, images_per_shard)
        on_progress = progress.of("Writing shards", len(manifest.usable))
        prepared = prepare(manifest, output, preparation, on_progress)
    problems = [row for each in (manifest, prepared) for row in each.problems.itertuples(index=False, name=None)]
    for file, reason in problems:
        warn(f"{file} is left out: {reason}.")
    written = sum(path.stat().st_size for path in output.glob("shard-*"))
    say(f"{counted(len(prepared.usable), 'image')} written to {output} ({written / 2**20:,.0f} MiB).")
    next_step(command_line("train", "--data", output))
    return command.WITH_PROBLEMS if problems else command.OK
