"""Explain a network: the views that were asked for, as pictures, arrays, tables and a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.explanation.embedding_views import show_embedding, show_neighbors
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.layer_views import (
    show_activations,
    show_filters,
    show_layers,
    show_receptive_field,
    show_units,
)
from imgcls.workflow.explanation.photo_view import show_photo
from imgcls.workflow.explanation.request import ExplainRequest
from imgcls.workflow.explanation.unit_views import show_maximization, show_patches
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.why import show_why
from imgcls.workflow.explanation.written import Written
from imgcls.workflow.network_of import network_of
from imgcls.workflow.sources import is_bundle

VIEWS: dict[str, Callable[[Explaining], Found]] = {
    "why": show_why,
    "activations": show_activations,
    "receptive_field": show_receptive_field,
    "photo": show_photo,
    "neighbors": show_neighbors,
    "layers": show_layers,
    "filters": show_filters,
    "units": show_units,
    "patches": show_patches,
    "maximization": show_maximization,
    "embedding": show_embedding,
}


@dataclass(frozen=True)
class Explanation:
    """What was found and written.

    Attributes:
        sentences: What was found, view by view.
        tables: Of the views that have one, by the view's name.
        problems: Files that could not be read or explained, each with its reason.
        files: What was written; the page is the last.
    """

    sentences: list[str]
    tables: dict[str, pd.DataFrame]
    problems: list[tuple[str, str]]
    files: list[Path]

    @property
    def page(self) -> Path:
        """The page that holds all of it."""
        return self.files[-1]


def explain_classifier(
    source: str | Path,
    images: Sequence[Path] = (),
    output: str | Path = "explanations",
    request: ExplainRequest | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Explain a network and write what was found.

    Args:
        source: Folder of a run or bundle, or an architecture with published weights.
        images: Files, for the views of images.
        output: Folder for what is written.
        request: The views and what they read; by default why of images, and without images what the network is.
        progress: Receives how much is done.

    Raises:
        ValueError: For a method, layer, unit or class that there is not, and for a view that this network has not.

    Example:
        ::

            from imgcls import explain_classifier

            found = explain_classifier("runs/photos-1", ["new.jpg"])
            print(found.tables["why"][["image", "method", "caption"]])
            print(found.page)  # explanations/explanation.html
    """
    request, paths = request or ExplainRequest(), [Path(image) for image in images]
    views = request.views(bool(paths))
    run = RunFolder(source) if Path(source).is_dir() and not is_bundle(Path(source)) else None
    network = network_of(source)
    title = Path(source).resolve().name if Path(source).exists() else str(source)
    written = Written(Path(output), title)
    explaining = Explaining(network, paths, request, written, progress or Progress(), run)
    found = {view: VIEWS[view](explaining) for view in views}
    sentences = [sentence for each in found.values() for sentence in each.sentences]
    written.page(f"{network.name}, {' x '.join(map(str, network.size))} pixels", " ".join(sentences[:3]))
    return Explanation(
        sentences,
        {view: each.table for view, each in found.items() if each.table is not None},
        list(dict.fromkeys(problem for each in found.values() for problem in each.problems)),
        written.files,
    )
