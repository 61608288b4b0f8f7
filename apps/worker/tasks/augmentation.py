"""What augmentation and whitening do to images of a project, as PNG files."""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from imgcls.data.images.preprocessing import Preprocessing
    from imgcls.data.manifest.table import Manifest

IMAGES, DRAWS = 4, 3
SIDE = 160  # pixels; smaller images are enlarged in whole steps, so that their pixels stay visible
LEARNED_FROM = 256  # images that the whitening of the preview is learned from

Row = tuple[str, list[bytes]]


def sheet(
    manifest: str,
    image_size: int,
    preset: str,
    own: dict[str, float],
    layers: tuple[str, ...] = (),
    everything: bool = False,
) -> list[Row]:
    """The originals, and what training may see of them.

    Args:
        manifest: File with the images.
        image_size: Pixels of a side; 0: the images' own where they are small.
        preset: Name of a preset.
        own: Parameters in place of the preset's, by their names.
        layers: Layers of keras-cv and Keras behind the preset, as the config has them.
        everything: Whether each step and each preset has a row, in place of some draws of the chosen settings.

    Returns:
        Rows of PNG files, with what each row is called.
    """
    from imgcls.config import AugmentationConfig
    from imgcls.data.augmentation import from_preset, sheet
    from imgcls.data.augmentation.layer_function import layer_function, try_layers
    from imgcls.data.augmentation.samples import sample_images
    from imgcls.data.manifest.table import Manifest

    encoded, prepared = sample_images(Manifest.load(manifest), IMAGES, image_size)
    rows, made = [sheet.originals(encoded, prepared)], [layer_function(text) for text in layers]
    try_layers(made, (prepared.height, prepared.width, prepared.channels))
    if everything:
        rows += sheet.steps(encoded, prepared) + sheet.presets(encoded, prepared)
        rows += sheet.layers(encoded, prepared, made)
    else:
        chosen = from_preset(preset, AugmentationConfig(**own))
        rows += [sheet.Row(f"draw {n + 1}", sheet.changed(encoded, prepared, chosen, n, made)) for n in range(DRAWS)]
    return [(row.name, [_png(image) for image in row.images]) for row in rows]


def whitening(manifest: str, image_size: int, color: str, kind: str, epsilon: float | None) -> list[Row]:
    """Some images before and after whitening, as a run of these settings has it.

    Args:
        manifest: File with the images.
        image_size: Pixels of a side; 0: the images' own where they are small.
        color: As the config has it.
        kind: pca or zca.
        epsilon: Added to each variance; None: the run's own.

    Returns:
        Rows of PNG files, with what each row is called.
    """
    from dataclasses import replace

    import numpy as np

    from imgcls.config import InputConfig
    from imgcls.data.augmentation.samples import sample_images
    from imgcls.data.images.preprocessing import preprocess
    from imgcls.data.manifest.table import Manifest
    from imgcls.training.whitening import make_whitening

    images = Manifest.load(manifest)
    gray = color == "grayscale" or (color == "auto" and bool(images.usable["grayscale"].all()))
    encoded, prepared = sample_images(images, IMAGES, image_size)
    prepared = replace(prepared, channels=1 if gray else 3)
    before = np.stack([np.asarray(preprocess(data, prepared)) for data in encoded])
    pixels = _pixels_of(images, prepared)
    mean, deviation = pixels.mean((0, 1, 2)), np.maximum(pixels.std((0, 1, 2)), 1.0)
    layer = make_whitening(InputConfig(whitening=kind, whitening_epsilon=epsilon), before.shape[1:])
    layer.adapt((pixels - mean) / deviation)
    after = np.asarray(layer((before - mean) / deviation))
    return [("before", list(map(_png, before))), (f"after {kind.upper()}", list(map(_png, _visible(after))))]


def _pixels_of(images: "Manifest", prepared: "Preprocessing") -> "np.ndarray":
    """(N, H, W, C), of up to `LEARNED_FROM` images, evenly drawn."""
    import numpy as np

    from imgcls.data.images.reading import read_images

    rows = images.usable
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, LEARNED_FROM).astype(int))]
    read: Iterable = read_images(images.paths(rows), prepared, images.boxes(rows))
    return np.stack([each.result for each in read if each.result is not None])


def _visible(values: "np.ndarray") -> "np.ndarray":
    """Numbers around 0 as gray levels: three deviations to either side from black to white."""
    return 127.5 + values / max(1e-6, 3.0 * float(values.std())) * 127.5


def _png(image: "np.ndarray") -> bytes:
    import numpy as np
    from PIL import Image

    levels = np.clip(np.round(image), 0, 255).astype(np.uint8)
    factor = max(1, SIDE // levels.shape[0])
    levels = levels.repeat(factor, axis=0).repeat(factor, axis=1)
    file = io.BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, "png")
    return file.getvalue()
