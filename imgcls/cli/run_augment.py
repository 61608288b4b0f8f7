"""What `python -m imgcls.augment` does once its flags are read."""

from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, say
from imgcls.config import AugmentationConfig
from imgcls.counted import counted
from imgcls.data.augmentation import from_preset, sheet
from imgcls.data.augmentation.samples import sample_images
from imgcls.data.augmentation.sheet_file import write_sheet
from imgcls.data.sources.load import load_manifest

DRAWS = 5  # rows of one preset


def draw_every_step(data: str, images: tuple[int, int], seed: int, output: Path) -> int:
    """Draw the originals, each step alone, and each preset.

    Args:
        data: What `load_manifest` takes.
        images: The number of images in a row, and their side in pixels; 0 takes their own.
        seed: Of the random numbers.
        output: The file of the sheet.
    """
    encoded, preprocessing = sample_images(load_manifest(data), *images)
    rows = [sheet.originals(encoded, preprocessing)]
    rows += sheet.steps(encoded, preprocessing, seed) + sheet.presets(encoded, preprocessing, seed)
    return _finish(rows, data, "standard", output)


def draw_preset(
    data: str, images: tuple[int, int], seed: int, chosen: tuple[str, AugmentationConfig], output: Path
) -> int:
    """Draw the originals, and several draws of one preset with single parameters changed; see `draw_every_step`."""
    encoded, preprocessing = sample_images(load_manifest(data), *images)
    preset, config = chosen[0], from_preset(*chosen)
    rows = [sheet.originals(encoded, preprocessing)]
    for draw in range(seed, seed + DRAWS):
        rows.append(sheet.Row(f"{preset}, seed {draw}", sheet.changed(encoded, preprocessing, config, draw)))
    return _finish(rows, data, preset, output)


def _finish(rows: list[sheet.Row], data: str, preset: str, output: Path) -> int:
    write_sheet(rows, output)
    say(f"{counted(len(rows), 'row')} of {counted(len(rows[0].images), 'image')} written to {output}")
    next_step(f"python -m imgcls.train --data {data} --augmentation {preset}")
    return command.OK
