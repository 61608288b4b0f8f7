"""A network with its published weights, looked into: filters, activations, and what counted for an answer."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.explain.drawing.heat import heat_picture
from imgcls.explain.drawing.paper import DARK, LIGHT
from imgcls.explain.methods import MethodOptions, find_method
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.explain.views.activation_maps import activation_maps, activation_picture
from imgcls.explain.views.first_filters import filters_picture
from imgcls.explain.views.first_filters import first_filters as filters_of

KEPT = 2  # networks in memory


@lru_cache(maxsize=KEPT)
def _network(name: str) -> Network:
    from imgcls.models import build_model

    return Network(build_model(name, weights="imagenet"))


def first_filters(network: str, dark: bool) -> tuple[bytes, str]:
    """A sheet of the filters of the first layer as PNG, for a dark page or a light one, and what is to be seen."""
    found = filters_of(_network(network))
    units, height, width, _ = found.weights.shape
    said = f"The {units} filters of the first layer, {found.layer}, {height} x {width} pixels each"
    return _png(filters_picture(found, f"First filters of {network}", paper=DARK if dark else LIGHT).drawn()), said


def layers(network: str) -> list[str]:
    """The names of the layers with a feature map."""
    return [each.name for each in _network(network).maps]


def look(network: str, picture: bytes, layer: str, method: str, dark: bool) -> dict[str, object]:
    """What a network makes of an image.

    Args:
        network: Its name.
        picture: An image file.
        layer: Whose activations are drawn; a method that reads a layer reads this one.
        method: Of `imgcls.explain.methods`.
        dark: Whether the page is.

    Returns:
        `name` and `probability` of the likeliest class; `activations` and `heat` as PNG; `legend` of the heat.

    Raises:
        ValueError: The file is no image that can be read.
    """
    looked_at, found = _network(network), find_method(method)
    pixels = _pixels(looked_at, picture)[None]
    probabilities = np.asarray(looked_at.model(pixels, training=False))[0]
    name = looked_at.class_names[int(probabilities.argmax())]
    maps = activation_maps(looked_at, pixels, layer)[0]
    heat = found.compute(looked_at, pixels, class_scores(looked_at, [name]), MethodOptions(layer=layer))
    sheet = activation_picture(pixels[0], maps, f"Activations of {layer}", paper=DARK if dark else LIGHT)
    drawn = heat_picture(pixels[0], heat.values[0], found.signed, found.title, (name,), heat.problems[0])
    return {
        "name": name,
        "probability": float(probabilities.max()),
        "activations": _png(sheet.drawn()),
        "heat": _png(drawn.image),
        "legend": drawn.legend,
    }


def _pixels(network: Network, picture: bytes) -> np.ndarray:
    with TemporaryDirectory(prefix="imgcls-") as folder:
        file = Path(folder) / "picture"
        file.write_bytes(picture)
        (read,) = read_images([file], Preprocessing(**network.preprocessing))
    if read.problem:
        raise ValueError(f"The image cannot be read: {read.problem}.")
    return read.result


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
