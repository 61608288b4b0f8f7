"""The figures of a server for Prometheus: TensorFlow Serving's own, by its names, and those of a classifier.

Who answers a request only puts a note on a queue, without a lock; the notes are counted when someone looks, or when
there are many.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from imgcls.serving.server.core.observer import Observer
from imgcls.serving.server.monitoring.drift_sampler import Ask, DriftSampler
from imgcls.serving.server.monitoring.drift_window import DriftWindow, Reference
from imgcls.serving.server.monitoring.exposition import Counter, Gauge, Histogram
from imgcls.serving.server.monitoring.serving_figures import VERSION, ServingFigures
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE

log = logging.getLogger(__name__)
MOST_NOTES = 2000  # that wait to be counted
KEPT_SECONDS = 600.0  # that figures of a version stay after it has gone, so that each Prometheus reads the last ones
CONFIDENCES = [tenth / 10 for tenth in range(1, 10)] + [0.95, 0.99]
A_CLASS = "class"  # the decision where it is neither of the two others


def no_reference(model: str, version: int) -> Reference | None:
    """No version has a reference of drift."""
    return None


class Metrics(Observer):
    """Counts what a server does.

    Args:
        reference_of: From the name of a model and the number of a version to its reference of drift, or None.
        drift_seconds: Between two images whose embeddings are compared with it; 0 for none.

    Example:
        >>> metrics = Metrics()
        >>> metrics.request(api="REST", method="Predict", model="cats", status=404, seconds=0.001)
        >>> print(metrics.page().splitlines()[-1])
        :tensorflow:serving:request_count{model_name="cats",status="NOT_FOUND"} 1
    """

    def __init__(
        self, reference_of: Callable[[str, int], Reference | None] = no_reference, drift_seconds: float = 0.0
    ) -> None:
        self._reference_of = reference_of
        self._sampler = DriftSampler(drift_seconds) if drift_seconds else None
        self._windows: dict[tuple[str, int], DriftWindow | None] = {}
        self._notes: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._counting = threading.Lock()
        self._has_failed = False
        self._gone: dict[tuple[str, ...], float] = {}  # versions that are not served any more: first seen so when
        self._serving = ServingFigures()
        self._classifier = _Classifier()

    @override
    def request(self, *, api: str, method: str, model: str, status: int, seconds: float) -> None:
        self._note(self._serving.request, api, method, model, status, seconds)

    @override
    def batch(self, *, model: str, version: int, rows: int, waited: float) -> None:
        self._note(self._serving.batch, model, version, rows, waited)

    @override
    def run(self, *, model: str, seconds: float) -> None:
        self._note(self._serving.run, model, seconds)

    @override
    def load(self, *, folder: Path, is_loaded: bool, seconds: float) -> None:
        self._note(self._serving.load, folder, is_loaded, seconds)

    @override
    def answers(self, *, model: str, version: int, signature: str, outputs: Mapping[str, np.ndarray]) -> None:
        columns = _columns(outputs)
        if columns:
            self._note(self._classified, model, version, columns)
        if _has_columns(outputs.get("embedding")):
            self._note(self._embedded, model, version, outputs["embedding"])

    @override
    def images(self, *, model: str, version: int, inputs: Mapping[str, np.ndarray], ask: Ask) -> None:
        if self._sampler:
            self._sampler.offer(inputs, ask, lambda embeddings: self._note(self._embedded, model, version, embeddings))

    def page(self, served: Collection[tuple[str, int]] | None = None) -> str:
        """All figures, in the text format of Prometheus.

        Args:
            served: Model and version of all that are served. The figures of others are dropped ten minutes after the
                first page without them. None drops nothing.
        """
        with self._counting:
            self._count()
            self._classifier.drift.clear()
            for (model, version), window in self._windows.items():
                for figure, value in window.figures().items() if window else ():
                    self._classifier.drift.set((model, str(version), figure), value)
            families = [*vars(self._serving).values(), *vars(self._classifier).values()]
            page = "".join(f"{line}\n" for family in families for line in family.lines())
            if served is not None:
                self._drop_gone({(model, str(version)) for model, version in served}, families)
            return page

    def _drop_gone(self, served: set[tuple[str, ...]], families: Sequence[Counter | Histogram]) -> None:
        of_version = [family for family in families if family.labels[:2] == VERSION]
        known = {labels[:2] for family in of_version for labels in family.label_sets()}
        now = time.monotonic()
        self._gone = {version: self._gone.get(version, now) for version in known - served}
        for version in [version for version, since in self._gone.items() if now - since >= KEPT_SECONDS]:
            for family in of_version:
                family.forget(version)
            self._windows.pop((version[0], int(version[1])), None)

    def _note(self, count: Callable[..., None], *arguments: Any) -> None:
        self._notes.append((count, arguments))
        if len(self._notes) > MOST_NOTES and self._counting.acquire(blocking=False):
            try:
                self._count()
            finally:
                self._counting.release()

    def _count(self) -> None:
        while self._notes:
            count, arguments = self._notes.popleft()
            try:
                count(*arguments)
            except Exception:  # a figure is no reason to fail the request that happens to count it
                if not self._has_failed:
                    log.exception("A figure was not counted; further faults are not written down:")
                self._has_failed = True

    def _classified(self, model: str, version: int, columns: Mapping[str, list[Any]]) -> None:
        rows = _read_rows(columns)
        self._classifier.classified((model, str(version)), columns, rows)
        window = self._window(model, version)
        if window and _are_ranked(columns):
            classes = [columns["classes"][row].decode("utf-8", "replace") for row in rows]
            window.add(classes, [columns["probabilities"][row] for row in rows])

    def _embedded(self, model: str, version: int, embeddings: np.ndarray) -> None:
        window = self._window(model, version)
        embeddings = embeddings[np.any(embeddings != 0, axis=1)]  # the rows of images that were not read are 0
        if window and window.reference.distance and len(embeddings):
            distances = window.reference.distance(embeddings).tolist()
            window.add_distances(distances)
            for distance in distances:
                self._classifier.distance.observe((model, str(version)), distance)

    def _window(self, model: str, version: int) -> DriftWindow | None:
        if (model, version) not in self._windows:
            reference = self._reference_of(model, version)
            self._windows[model, version] = DriftWindow(reference) if reference else None
        return self._windows[model, version]


COLUMNS = {  # outputs that are counted, with NumPy's kind and the dimensions that they have in a bundle
    "problem": ("O", 1),
    "decision": ("O", 1),
    "unknown_score": ("f", 1),
    "classes": ("O", 2),
    "probabilities": ("f", 2),
}


class _Classifier:
    """What only a classifier knows of its answers."""

    def __init__(self) -> None:
        self.images = Counter("imgcls_images_total", "Images that were asked for.", VERSION)
        self.unreadable = Counter("imgcls_unreadable_images_total", "Images that could not be read.", VERSION)
        self.predictions = Counter(
            "imgcls_predictions_total", "Images of which a class is the likeliest.", (*VERSION, "class")
        )
        self.confidence = Histogram(
            "imgcls_confidence", "Distribution of the likeliest class's probability.", VERSION, CONFIDENCES
        )
        self.decisions = Counter("imgcls_decisions_total", "Images by what was decided.", (*VERSION, "decision"))
        self.unknown_score = Histogram(
            "imgcls_unknown_score", "How unlike the images of training they are; higher is stranger.", VERSION, []
        )
        self.distance = Histogram(
            "imgcls_embedding_distance",
            "Distribution of the distance of embeddings to the nearest class of training, in standard deviations.",
            VERSION,
            [0.25 * step for step in range(1, 17)],
        )
        self.drift = Gauge(
            "imgcls_drift",
            "Distance in [0, 1] of the last 1000 images to those of validation, by what is compared.",
            (*VERSION, "figure"),
        )

    def classified(self, version: tuple[str, str], columns: Mapping[str, list[Any]], rows: Sequence[int]) -> None:
        """Count the images of an answer; `rows` are those that could be read."""
        total = len(next(iter(columns.values())))
        self.images.add(version, total)
        self.unreadable.add(version, total - len(rows))
        for row in rows if "classes" in columns else ():
            self.predictions.add((*version, columns["classes"][row].decode("utf-8", "replace")))
        for row in rows if _are_ranked(columns) else ():
            self.confidence.observe(version, columns["probabilities"][row])
        for row in rows if "unknown_score" in columns else ():
            self.unknown_score.observe(version, columns["unknown_score"][row])
        if "decision" in columns:
            self._decided(version, [columns["decision"][row].decode("utf-8", "replace") for row in rows])

    def _decided(self, version: tuple[str, str], decisions: Sequence[str]) -> None:
        for known in (A_CLASS, NOT_SURE, NONE_OF_THESE):  # all three are there from the first on: a share needs them
            self.decisions.add((*version, known), 0)
        for decision in decisions:
            self.decisions.add((*version, decision if decision in (NOT_SURE, NONE_OF_THESE) else A_CLASS))


def _columns(outputs: Mapping[str, np.ndarray]) -> dict[str, list[Any]]:
    """One value an image of each output that is counted; of a row of classes, the first."""
    found = {
        name: outputs[name]
        for name, form in COLUMNS.items()
        if name in outputs and (outputs[name].dtype.kind, outputs[name].ndim) == form
    }
    singles = {name: array[:, 0] if _has_columns(array) else array for name, array in found.items()}
    return {name: array.tolist() for name, array in singles.items() if array.ndim == 1}


def _are_ranked(columns: Mapping[str, list[Any]]) -> bool:
    """Whether the probabilities are those of the likeliest classes; without names they are in another order."""
    return "classes" in columns and "probabilities" in columns


def _read_rows(columns: Mapping[str, list[Any]]) -> list[int]:
    total = len(next(iter(columns.values())))
    return [row for row in range(total) if "problem" not in columns or not columns["problem"][row]]


def _has_columns(values: np.ndarray | None) -> bool:
    return values is not None and values.ndim == 2 and values.shape[1] > 0
