"""What a network sees: heat maps, nearest training images, activations, and a map of all images. Kept as files."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.neighbours import nearest_training_images
from imgcls.explain.drawing.heat import heat_picture
from imgcls.explain.drawing.paper import DARK, LIGHT
from imgcls.explain.embedding_map import embedding_map
from imgcls.explain.methods import MethodOptions, find_method
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.explain.views.activation_maps import activation_maps, activation_picture
from imgcls.files import read_json, replacing, write_json
from imgcls.run_folder import RunFolder
from imgcls.workflow.network_of import network_of

KEPT = 2  # networks in memory
NEIGHBOURS = 8
METHOD, WITHOUT_MAPS = "grad_cam", "gradient_x_input"  # the second for a network that has no feature maps
_held: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # so that two tabs compute nothing twice

Box = Sequence[float] | None


def look_into(run: str, folder: str, path: str, box: Box, true: str) -> dict[str, Any]:
    """Explain the answer for one image.

    Args:
        run: Folder of the run.
        folder: Where the images and found.json are written.
        path: The image.
        box: The part of it that is the example; None for all of it.
        true: Its class.

    Returns:
        What found.json holds: "method", "maps" with title, file, problem and legend, "neighbours" with path, box, label
        and likeness, and "layers".

    Raises:
        ValueError: The image cannot be read any more, or the run has no model.
    """
    with _held[folder]:
        file = Path(folder) / "found.json"
        if not file.is_file():
            network, pixels = _network(run), _pixels(_network(run), path, box)
            found = {
                "neighbours": _neighbours(network, pixels, RunFolder(run)),
                "layers": [each.name for each in network.maps],
            }
            write_json(file, {**_heat_maps(network, pixels, true, Path(folder), run), **found})
        return read_json(file)


def activations(run: str, file: str, path: str, box: Box, layer: str, dark: bool) -> None:
    """Draw what the units of a layer answer to one image.

    Args:
        run: Folder of the run.
        file: The PNG that is written, if it is not there.
        path: The image.
        box: See `look_into`.
        layer: Its name.
        dark: Whether the page is.
    """
    with _held[file]:
        if not Path(file).is_file():
            network = _network(run)
            pixels = _pixels(network, path, box)
            maps = activation_maps(network, pixels[None], layer)[0]
            _check_there(run)
            with replacing(file) as partial:
                paper = DARK if dark else LIGHT
                activation_picture(pixels, maps, f"Activations of {layer}", paper=paper).save(partial)


def lay_out(run: str, split: str, file: str, method: str) -> dict[str, Any]:
    """Lay out the images of a split on a plane.

    Args:
        run: Folder of the run.
        split: Whose predictions are read.
        file: The JSON that is written, if it is not there.
        method: "pca", "tsne" or "umap".

    Returns:
        What the file holds: "x", "y", "places" in the table of predictions, "sentences" and "trustworthiness".

    Raises:
        ValueError: The run keeps no embeddings, or there are too few images.
    """
    with _held[file]:
        if not Path(file).is_file():
            table = PredictionTable.load(RunFolder(run).predictions_file(split))
            if table.embeddings is None:
                raise ValueError("The run keeps no embeddings of these images. Train it again.")
            found = embedding_map(np.asarray(table.embeddings), method)
            x, y = (np.round(values, 4).tolist() for values in found.coordinates.T.astype(float))
            said = {"sentences": list(found.sentences), "trustworthiness": found.trustworthiness}
            _check_there(run)
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            write_json(Path(file), {"x": x, "y": y, "places": found.places.tolist(), **said})
        return read_json(Path(file))


def _check_there(run: str) -> None:
    """Raise ValueError if the run was deleted meanwhile: to write into its folder would make it again."""
    if not (Path(run) / "config.toml").is_file():
        raise ValueError(f"The run {Path(run).name} was deleted in the meantime.")


def _network(run: str) -> Network:
    return _opened_network(run, RunFolder(run).require_model().stat().st_mtime_ns)


@lru_cache(maxsize=KEPT)
def _opened_network(run: str, modified: int) -> Network:
    """`modified` makes a model that was written again another entry."""
    return network_of(run)


def _pixels(network: Network, path: str, box: Box) -> np.ndarray:
    """The image as the network takes it: (H, W, C) in [0, 255]."""
    boxes = None if box is None else np.array([box], np.float32)
    read = next(iter(read_images([Path(path)], Preprocessing(**network.preprocessing), boxes)))
    if read.problem:
        raise ValueError(f"{Path(path).name} cannot be read any more: {read.problem}. Bring the file back.")
    return np.asarray(read.result)


def _heat_maps(network: Network, pixels: np.ndarray, true: str, folder: Path, run: str) -> dict[str, Any]:
    """For the answer, for the true class or else the next likeliest one, and for the difference of both."""
    order = np.argsort(-np.asarray(network.model(pixels[None], training=False))[0], kind="stable")
    asked = _asked([network.class_names[place] for place in order], true)
    method = find_method(METHOD if network.last_map else WITHOUT_MAPS)
    scores = class_scores(network, [target for target, _ in asked.values()], [against for _, against in asked.values()])
    found = method.compute(network, np.stack([pixels] * len(asked)), scores, MethodOptions())
    _check_there(run)
    folder.mkdir(parents=True, exist_ok=True)
    maps = []
    for place, title in enumerate(asked):
        file = f"map-{place}.png"
        drawn = heat_picture(pixels, found.values[place], method.signed, "", (), found.problems[place])
        with replacing(folder / file) as partial:
            drawn.image.save(partial, "PNG")
        legend = asdict(drawn.legend) if drawn.legend else None
        maps.append({"title": title, "file": file, "problem": found.problems[place], "legend": legend})
    return {"method": method.title, "maps": maps}


def _asked(likeliest: Sequence[str], true: str) -> dict[str, tuple[str, str]]:
    """What a map is drawn for, and against, by its title; of a run with one class there is only that one.

    Args:
        likeliest: All classes, the likeliest first.
        true: The class of the image.
    """
    answer, *others = likeliest
    if not others:
        return {f"For {answer}": (answer, "")}
    other = true if true in others else others[0]
    return {f"For {answer}": (answer, ""), f"For {other}": (other, ""), f"For {answer}, not {other}": (answer, other)}


def _neighbours(network: Network, pixels: np.ndarray, run: RunFolder) -> list[dict[str, Any]]:
    """The nearest training images; none where the run keeps no features of them."""
    file = run.predictions_file("train")
    training = _training(file, file.stat().st_mtime_ns) if file.is_file() else None
    if training is None or training.embeddings is None:
        return []
    embedding = np.asarray(network.run(pixels[None]).embedding)
    rows = pd.DataFrame({"image": [""], "label": [training.class_names[0]]})
    chances = np.zeros((1, len(training.class_names)))
    asked = PredictionTable(rows, training.class_names, chances, embeddings=embedding)
    near = nearest_training_images(asked, training, NEIGHBOURS)
    some = training.take(near.places[0])
    boxes = some.boxes()
    return [
        {
            "path": str(path),
            "box": None if boxes is None or np.isnan(boxes[place]).any() else boxes[place].tolist(),
            "label": str(some.rows["label"].iloc[place]),
            "likeness": round(float(near.similarities[0, place]), 3),
        }
        for place, path in enumerate(some.paths())
    ]


@lru_cache(maxsize=KEPT)
def _training(file: Path, modified: int) -> PredictionTable:
    """`modified` makes a table that was written again another entry."""
    return PredictionTable.load(file)
