"""What `python -m imgcls.augment` does once its flags are read."""

from dataclasses import dataclass
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, say
from imgcls.command_line import command_line
from imgcls.config import AugmentationConfig
from imgcls.counted import counted
from imgcls.data.augmentation import from_preset, sheet
from imgcls.data.augmentation.layer_function import LayerFunction, layer_function, try_layers
from imgcls.data.augmentation.samples import sample_images
from imgcls.data.augmentation.sheet_file import write_sheet
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.sources.load import load_manifest

DRAWS = 5  # rows of one preset


@dataclass(frozen=True)
class Request:
    """What all sheets have.

    Attributes:
        data: What `load_manifest` takes.
        images: The number of images in a row.
        image_size: Their side in pixels; 0 takes their own.
        seed: Of the random numbers.
        output: The file of the sheet.
        layers: Layers of keras-cv and Keras.
    """

    data: str
    images: int
    image_size: int
    seed: int
    output: Path
    layers: tuple[str, ...] = ()


def draw_every_step(request: Request) -> int:
    """Draw the originals, each step alone, and each preset."""
    encoded, preprocessing = sample_images(load_manifest(request.data), request.images, request.image_size)
    rows = [sheet.originals(encoded, preprocessing)]
    rows += sheet.steps(encoded, preprocessing, request.seed) + sheet.presets(encoded, preprocessing, request.seed)
    return _finish(rows, request, ["--augmentation", "standard"])


def draw_layers(request: Request) -> int:
    """Draw the originals, each layer alone, and several draws of all layers one after the other."""
    made = [layer_function(text) for text in request.layers]
    encoded, preprocessing = sample_images(load_manifest(request.data), request.images, request.image_size)
    _try(made, preprocessing)
    rows = [sheet.originals(encoded, preprocessing), *sheet.layers(encoded, preprocessing, made, request.seed)]
    for draw in range(request.seed, request.seed + DRAWS):
        pixels = sheet.changed(encoded, preprocessing, from_preset("none"), draw, made)
        rows.append(sheet.Row(f"all, seed {draw}", pixels))
    return _finish(rows, request, ["--augmentation", "none"])


def draw_preset(request: Request, preset: str, own: AugmentationConfig) -> int:
    """Draw the originals, and several draws of one preset with single parameters changed, with the layers behind it."""
    made = [layer_function(text) for text in request.layers]
    encoded, preprocessing = sample_images(load_manifest(request.data), request.images, request.image_size)
    _try(made, preprocessing)
    rows, config = [sheet.originals(encoded, preprocessing)], from_preset(preset, own)
    for draw in range(request.seed, request.seed + DRAWS):
        rows.append(sheet.Row(f"{preset}, seed {draw}", sheet.changed(encoded, preprocessing, config, draw, made)))
    return _finish(rows, request, ["--augmentation", preset])


def _try(layers: list[LayerFunction], preprocessing: Preprocessing) -> None:
    try_layers(layers, (preprocessing.height, preprocessing.width, preprocessing.channels))


def _finish(rows: list[sheet.Row], request: Request, flags: list[str]) -> int:
    write_sheet(rows, request.output)
    say(f"{counted(len(rows), 'row')} of {counted(len(rows[0].images), 'image')} written to {request.output}")
    layers = ["--augmentation-layers", *request.layers] if request.layers else []
    next_step(command_line("train", "--data", request.data, *flags, *layers))
    return command.OK
