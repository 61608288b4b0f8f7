"""Draw a sheet of what augmentation makes of some images: the originals, every step alone, and every preset.

Examples:
  python -m imgcls.augment fashion_mini
  python -m imgcls.augment photos --images 4 --image-size 224 --output sheet.html
  python -m imgcls.augment photos --preset strong --rotation 20
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.config import AugmentationConfig
from imgcls.counted import counted
from imgcls.files import check_writable

if TYPE_CHECKING:
    from imgcls.data.augmentation.sheet import Row

SMALLEST, LARGEST = 16, 1024  # pixels of an image on the sheet
ENLARGED = 96  # smaller images are enlarged in whole steps to about this
TITLE_WIDTH, GAP = 150, 6  # pixels
MOST_IMAGES = 50


@dataclass(frozen=True)
class Options:
    data: Annotated[str, tyro.conf.Positional]  # folder, manifest or card, as --data of training
    output: Path = Path("augmentation.png")  # .png, or .html for one page with images that can be enlarged
    images: int = 6  # images in a row, of different classes as far as there are
    image_size: int = 0  # pixels, square; 0: the images' own if they are small, else 160
    preset: Literal["none", "light", "standard", "strong", "rare"] | None = None  # draw only this, with the flags below
    seed: int = 0  # of the draws
    own: Annotated[AugmentationConfig, tyro.conf.arg(name="")] = field(default_factory=AugmentationConfig)


def main(options: Options) -> int:
    if options.output.suffix not in (".png", ".html"):
        raise ValueError(f"--output is {options.output}; expected a file that ends in .png or .html.")
    if not 1 <= options.images <= MOST_IMAGES:
        raise ValueError(f"--images is {options.images}; expected 1 to {MOST_IMAGES}.")
    if options.own != AugmentationConfig() and options.preset is None:
        raise ValueError("Single settings change a preset; name it, such as --preset none.")
    if options.image_size and not SMALLEST <= options.image_size <= LARGEST:
        raise ValueError(f"--image-size is {options.image_size}; expected {SMALLEST} to {LARGEST}.")
    check_writable(options.output)
    command.import_tensorflow()
    from imgcls.cli.terminal import next_step, say
    from imgcls.data.augmentation import from_preset, sheet
    from imgcls.data.augmentation.samples import sample_images
    from imgcls.data.sources.load import load_manifest

    encoded, preprocessing = sample_images(load_manifest(options.data), options.images, options.image_size)
    rows = [sheet.originals(encoded, preprocessing)]
    if options.preset:
        chosen = from_preset(options.preset, options.own)
        for seed in range(options.seed, options.seed + 5):
            images = sheet.changed(encoded, preprocessing, chosen, seed)
            rows.append(sheet.Row(f"{options.preset}, seed {seed}", images))
    else:
        rows += sheet.steps(encoded, preprocessing, options.seed)
        rows += sheet.presets(encoded, preprocessing, options.seed)
    write = write_html if options.output.suffix == ".html" else write_png
    write(rows, options.output)
    say(f"{counted(len(rows), 'row')} of {counted(len(encoded), 'image')} written to {options.output}")
    next_step(f"python -m imgcls.train --data {options.data} --augmentation {options.preset or 'standard'}")
    return command.OK


def write_png(rows: "list[Row]", path: Path) -> None:
    """One image with a row for each; names at the left."""
    from PIL import Image, ImageDraw

    from imgcls.files import replacing

    count, height, width = rows[0].images.shape[:3]
    factor = max(1, ENLARGED // height)
    step_y, step_x = factor * height + GAP, factor * width + GAP
    page = Image.new("RGB", (TITLE_WIDTH + count * step_x, len(rows) * step_y + GAP), "white")
    pen = ImageDraw.Draw(page)
    for r, row in enumerate(rows):
        pen.text((GAP, r * step_y + step_y // 2 - GAP), row.name, fill="black")
        for c, image in enumerate(row.images):
            page.paste(_enlarged(image, factor), (TITLE_WIDTH + c * step_x, GAP + r * step_y))
    with replacing(path) as partial:
        page.save(partial)


def write_html(rows: "list[Row]", path: Path) -> None:
    """One page that stands alone."""
    import base64
    import html
    import io

    from imgcls.files import replacing

    factor = max(1, ENLARGED // rows[0].images.shape[1])
    lines = []
    for row in rows:
        cells = []
        for image in row.images:
            data = io.BytesIO()
            _enlarged(image, factor).save(data, "PNG")
            address = base64.b64encode(data.getvalue()).decode()
            cells.append(f'<td><img alt="{html.escape(row.name)}" src="data:image/png;base64,{address}"></td>')
        lines.append(f"<tr><th>{html.escape(row.name)}</th>{''.join(cells)}</tr>")
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Augmentation</title>'
        "<style>body{font:15px Helvetica,Arial,sans-serif}th{text-align:left;padding-right:12px}</style>"
        f"<table>{''.join(lines)}</table></html>\n"
    )
    with replacing(path) as partial:
        partial.write_text(page, "utf-8")


def _enlarged(pixels, factor: int):
    from PIL import Image

    image = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
