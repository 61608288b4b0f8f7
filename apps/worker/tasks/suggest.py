"""What a run's model says of a project's images that wait for a label."""

from functools import lru_cache
from typing import TypedDict

import numpy as np

from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder
from imgcls.serving.predictor import Predictor
from imgcls.workflow.predictor import predictor_of_run

KEPT = 2  # models in memory


class Suggested(TypedDict):
    """Images that wait for a label; without those that cannot be read.

    Attributes:
        rows: Their rows of the manifest's table, the likeliest of the class first.
        classes: The likeliest class of each.
    """

    rows: list[int]
    classes: list[str]


def likely(run: str, manifest: str, rows: list[int], class_name: str) -> Suggested:
    """Sort images by how likely they are of a class.

    Args:
        run: Folder of the run.
        manifest: File of the images.
        rows: The images: rows of its table.
        class_name: The class.

    Raises:
        ValueError: The run has no model.
    """
    images = Manifest.load(manifest)
    waiting = images.table.loc[rows]
    predictor = _predictor(run, RunFolder(run).require_model().stat().st_mtime_ns)
    found = predictor.predict_files(images.paths(waiting), boxes=images.boxes(waiting))
    names, places = list(found.class_names), np.flatnonzero(found.readable)
    chances = found.probabilities[places]
    order = np.argsort(-chances[:, names.index(class_name)], kind="stable")
    kept, likeliest = np.array(rows, int)[places], chances.argmax(axis=1)
    return {"rows": kept[order].tolist(), "classes": [names[index] for index in likeliest[order]]}


@lru_cache(maxsize=KEPT)
def _predictor(run: str, modified: int) -> Predictor:
    """`modified` makes a model that was written again another entry."""
    return predictor_of_run(RunFolder(run))
