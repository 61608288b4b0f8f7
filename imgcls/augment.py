"""Draw a sheet of what augmentation makes of some images: the originals, every step alone, and every preset.

Examples:
  python -m imgcls.augment fashion_mini
  python -m imgcls.augment photos --images 4 --image-size 224 --output sheet.html
  python -m imgcls.augment photos --preset strong --rotation 20
  python -m imgcls.augment photos --augmentation-layers keras_cv.RandAugment "keras.RandomHue(factor=0.2)"
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.config import AugmentationConfig, checked_layers
from imgcls.files import check_writable

SMALLEST, LARGEST = 16, 1024  # pixels of an image on the sheet
MOST_IMAGES = 50


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    data: Annotated[str, tyro.conf.Positional]  # folder, manifest or card, as --data of training
    output: Path = Path("augmentation.png")  # .png, or .html for one page with images that can be enlarged
    images: int = 6  # images in a row, of different classes as far as there are
    image_size: int = 0  # pixels, square; 0: the images' own if they are small, else 160
    preset: Literal["none", "light", "standard", "strong", "rare"] | None = None  # draw only this, with the flags below
    augmentation_layers: tuple[str, ...] = ()  # draw only these, or behind --preset; as training takes them
    seed: int = 0  # of the draws
    augmentation: Annotated[AugmentationConfig, tyro.conf.arg(name="")] = field(default_factory=AugmentationConfig)


def main(options: Options) -> int:
    """Draw the sheet."""
    if options.output.suffix not in (".png", ".html"):
        raise ValueError(f"--output is {options.output}; expected a file that ends in .png or .html.")
    if not 1 <= options.images <= MOST_IMAGES:
        raise ValueError(f"--images is {options.images}; expected 1 to {MOST_IMAGES}.")
    if options.augmentation != AugmentationConfig() and options.preset is None:
        raise ValueError("Single settings change a preset; name it, such as --preset none.")
    if options.image_size and not SMALLEST <= options.image_size <= LARGEST:
        raise ValueError(f"--image-size is {options.image_size}; expected {SMALLEST} to {LARGEST}.")
    layers = checked_layers(options.augmentation_layers)
    check_writable(options.output)
    command.import_tensorflow()
    from imgcls.cli.run_augment import Request, draw_every_step, draw_layers, draw_preset

    request = Request(options.data, options.images, options.image_size, options.seed, options.output, layers)
    if options.preset is not None:
        return draw_preset(request, options.preset, options.augmentation)
    return draw_layers(request) if layers else draw_every_step(request)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
