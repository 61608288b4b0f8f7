"""Where a network looks when it errs: the report's section of heat maps."""

from html import escape

import keras
import numpy as np

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.evaluation.pages.section import Chart, Section
from imgcls.evaluation.pages.thumbnails import image_address
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.explain.drawing.color_bar import color_bar
from imgcls.explain.drawing.heat import heat_picture, shown_image
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores

MOST = 6  # mistakes that are shown
SIDE = 224  # pixels, of a picture; it is shown at about two thirds of that


def mistakes_section(model: keras.Model, table: PredictionTable, run: str) -> Section | None:
    """Grad-CAM of the mistakes that the network was most sure of, for the class it said and for the true one.

    Args:
        model: The classifier.
        table: Its predictions.
        run: Its folder, as it is typed in a command.

    Returns:
        The section; None without mistakes, with several labels an image, and for a network without feature maps.
    """
    wrong = np.flatnonzero(~table.correct) if not table.is_multi_label else np.zeros(0, int)
    if not len(wrong):
        return None
    network = Network(model)
    if network.last_map is None:
        return None
    worst = wrong[np.argsort(-table.probabilities[wrong].max(axis=1), kind="stable")][:MOST]
    charts = _charts(network, table, worst)
    if not charts:
        return None
    return Section(
        "where-it-looks",
        "Where it looks when it errs",
        (
            f"The {counted(len(charts), 'mistake')} that the network was most sure of, with what speaks for the class "
            f"that it said, and for the true one: Grad-CAM of layer {network.last_map.name}, "
            f"{' x '.join(map(str, network.last_map.shape[:2]))} positions.",
            "A map says where the network looked, not whether it was right to.",
        ),
        charts,
        commands={"Other images, methods and their checks": command_line("explain", run, "IMAGES")},
    )


def _charts(network: Network, table: PredictionTable, places: np.ndarray) -> tuple[Chart, ...]:
    paths, boxes = table.paths(), table.boxes()
    outcomes = read_images(
        [paths[place] for place in places],
        Preprocessing(**network.preprocessing),
        None if boxes is None else boxes[places],
    )
    read = [(place, outcome.result) for place, outcome in zip(places, outcomes, strict=True) if not outcome.problem]
    if not read:
        return ()
    pixels, names = np.stack([result for _, result in read]), list(table.class_names)
    said = [names[table.predicted[place]] for place, _ in read]
    true = [names[table.labels[place]] for place, _ in read]
    maps = [
        METHODS["grad_cam"].compute(network, pixels, class_scores(network, classes), MethodOptions()).values
        for classes in (said, true)
    ]
    return tuple(
        _chart(pixels[row], paths[place].name, (said[row], true[row]), (maps[0][row], maps[1][row]))
        for row, (place, _) in enumerate(read)
    )


def _chart(pixels: np.ndarray, name: str, classes: tuple[str, str], maps: tuple[np.ndarray, np.ndarray]) -> Chart:
    said, true = classes
    pictures = [
        Picture(shown_image(pixels), "the image"),
        heat_picture(pixels, maps[0], False, f"for {said}, which it said"),
        heat_picture(pixels, maps[1], False, f"for {true}, which it is"),
    ]
    description = f"{name}: where the network looks for {said}, which it said, and for {true}, which it is"
    return Chart(
        f'<div class="looked"><p>{escape(name)}</p><div>{"".join(map(_cell, pictures))}</div></div>', description
    )


def _cell(picture: Picture) -> str:
    """A picture over its title, which is the page's text and so follows its light or dark."""
    address, legend = image_address(np.asarray(picture.image), SIDE), picture.legend
    bar = color_bar(legend) if legend else ""
    return f'<div><img src="{address}" alt="">{bar}<p>{escape(picture.title)}</p></div>'
