"""What embeddings look like, small enough to travel with a bundle: a few projections, and the middle of each class."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

PROJECTIONS = 64  # of the embedding; distances between projections are about those between embeddings
DIRECTIONS = 5  # of the largest variance, in which the mean is compared
MOST_CLASSES = 400  # whose middles are kept; with more, the distance is that to the middle of all


@dataclass(frozen=True)
class EmbeddingSummary:
    """Embeddings with D numbers, by P of their random projections.

    Attributes:
        dimension: D.
        centre: (P,), the mean.
        scale: (P,), the standard deviation, nowhere 0.
        middles: (C, P), of the classes that there are, standardised; or one, of all.
        directions: (P, R), orthonormal, of the largest variance.

    Reference:
        Johnson and Lindenstrauss, Extensions of Lipschitz Mappings into a Hilbert Space, 1984.
    """

    dimension: int
    centre: np.ndarray
    scale: np.ndarray
    middles: np.ndarray
    directions: np.ndarray

    @classmethod
    def of(cls, embeddings: np.ndarray, targets: np.ndarray) -> "EmbeddingSummary":
        """The summary of embeddings.

        Args:
            embeddings: (N, D).
            targets: (N, K) bool, which classes each image has.
        """
        projected = _projected(embeddings)
        centre, scale = projected.mean(axis=0), projected.std(axis=0)
        scale[scale < 1e-6] = 1
        standard = (projected - centre) / scale
        counts = targets.sum(axis=0)
        there = counts > 0
        middles = np.zeros((1, len(centre)))
        if there.any() and there.sum() <= MOST_CLASSES:
            middles = (targets[:, there].T @ standard) / counts[there, None]
        _, _, rows = np.linalg.svd(standard, full_matrices=False)
        directions = rows[:DIRECTIONS].T
        arrays = (centre, scale, middles.astype(np.float16), directions)
        return cls(embeddings.shape[1], *(array.astype(np.float32) for array in arrays))

    def distance(self, embeddings: np.ndarray) -> np.ndarray:
        """How far each image is from the nearest middle, in standard deviations of a projection: (N,)."""
        standard = self._standard(embeddings)
        squares = (standard**2).sum(axis=1)[:, None] - 2 * standard @ self.middles.T + (self.middles**2).sum(axis=1)
        nearest: np.ndarray = np.sqrt(np.maximum(squares.min(axis=1), 0) / standard.shape[1])
        return nearest

    def coordinates(self, embeddings: np.ndarray) -> np.ndarray:
        """Where each image lies along the directions: (N, R)."""
        along: np.ndarray = self._standard(embeddings) @ self.directions
        return along

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON has it."""
        arrays = {name: getattr(self, name) for name in ("centre", "scale", "middles", "directions")}
        return {"dimension": self.dimension, **{name: _encoded(array) for name, array in arrays.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "EmbeddingSummary":
        """The summary of what `to_dict` gave."""
        names = ("centre", "scale", "middles", "directions")
        return cls(int(values["dimension"]), *(_decoded(values[name]) for name in names))

    def _standard(self, embeddings: np.ndarray) -> np.ndarray:
        standard: np.ndarray = (_projected(embeddings) - self.centre) / self.scale
        return standard


def _projected(embeddings: np.ndarray) -> np.ndarray:
    """Random projections of embeddings, always the same: (N, P)."""
    embeddings = np.asarray(embeddings, np.float64)
    dimension = embeddings.shape[1]
    if dimension <= PROJECTIONS:
        return embeddings
    frozen = np.random.RandomState(0)  # whose numbers no version of NumPy changes
    projected: np.ndarray = embeddings @ frozen.standard_normal((dimension, PROJECTIONS)) / np.sqrt(PROJECTIONS)
    return projected


def _encoded(array: np.ndarray) -> dict[str, Any]:
    """Half precision where it is exact, as of the middles."""
    kind = np.float16 if np.array_equal(array, array.astype(np.float16)) else np.float32
    little = array.astype(np.dtype(kind).newbyteorder("<"))
    return {
        "shape": list(array.shape),
        "type": np.dtype(kind).name,
        "base64": base64.b64encode(little.tobytes()).decode(),
    }


def _decoded(values: Mapping[str, Any]) -> np.ndarray:
    kind = np.dtype(values["type"]).newbyteorder("<")
    return np.frombuffer(base64.b64decode(values["base64"]), kind).reshape(values["shape"]).astype(np.float32)
