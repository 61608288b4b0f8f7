"""Embeddings as points of a plane, so that a user sees which images are neighbors to the network."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from imgcls.counted import counted
from imgcls.nearest_name import did_you_mean

MOST_POINTS = 5_000  # more take minutes and hide each other
FEWEST_POINTS = 3
FEWEST_FOR_UMAP = 5  # it refuses fewer; they lie as PCA has them
PERPLEXITY = 30.0  # of t-SNE; van der Maaten and Hinton (2008) advise 5 to 50
NEIGHBORS = 15  # of each point, that UMAP keeps near, and that trustworthiness looks at
COMPONENTS = 50  # that t-SNE and UMAP see: the rest is noise that takes time
TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class EmbeddingMap:
    """Images on a plane.

    Attributes:
        coordinates: (M, 2), float32.
        places: (M,), which of the images they are: all in order, or those of a sample.
        method: "pca", "tsne" or "umap".
        trustworthiness: In [0, 1]: how far neighbors on the map are neighbors in the embedding too; 1 if all are.
        variance: The share of the embeddings' variance that the map holds; None for a method without such a share.
        total: Images that there were.
    """

    coordinates: np.ndarray
    places: np.ndarray
    method: str
    trustworthiness: float
    variance: float | None = None
    total: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to know when the map is read: whether it shows a sample, and what its distances say."""
        title, found = TITLES[self.method], []
        if self.total > len(self.places):
            found.append(f"The map shows a random sample: {len(self.places):,} of {counted(self.total, 'image')}.")
        if self.variance is not None:
            found.append(f"{title} shows {100 * self.variance:.0f} % of the variance of the embeddings.")
        else:
            found.append(
                f"{title} keeps neighbors together. The sizes of its clusters and the distances between them say "
                "nothing."
            )
        return tuple(found)


def embedding_map(
    embeddings: np.ndarray, method: str = "tsne", seed: int = 0, most_points: int = MOST_POINTS
) -> EmbeddingMap:
    """Lay out embeddings on a plane.

    Args:
        embeddings: (N, D), finite, as `Network.run` and tables of predictions give them.
        method: "pca", "tsne", or "umap", which needs the extra `umap`.
        seed: Of the sample and the layout; the same seed gives the same map.
        most_points: A random sample of so many is shown where there are more.

    Raises:
        ValueError: If the method is unknown, if there are fewer than `FEWEST_POINTS` images, if a value is not finite,
            or if umap-learn is missing.

    Reference:
        t-SNE: van der Maaten and Hinton, 2008; begun from PCA as in Kobak and Berens, 2019. UMAP: McInnes, Healy and
        Melville, 2018. Trustworthiness: Venna and Kaski, 2001.

    Example:
        >>> grid = np.array([[x, y, 0.0] for x in range(4) for y in range(3)])
        >>> found = embedding_map(grid, "pca")
        >>> found.coordinates.shape, round(found.variance, 6)
        ((12, 2), 1.0)
    """
    if method not in LAYOUTS:
        hint = did_you_mean(method.lower(), LAYOUTS, cutoff=0.4)
        raise ValueError(f"Unknown layout {method!r} of an embedding map.{hint} There are: {', '.join(LAYOUTS)}.")
    if embeddings.ndim != 2 or len(embeddings) < FEWEST_POINTS or not embeddings.shape[1]:
        raise ValueError(
            f"Embeddings of shape {embeddings.shape} give no map; expected a row for each of at least {FEWEST_POINTS} "
            "images."
        )
    places = _sample(len(embeddings), most_points, seed)
    vectors = np.asarray(embeddings[places], np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("The embeddings hold values that are no numbers. The weights of the model are damaged.")
    reduced, share = _principal_components(vectors)
    coordinates = np.asarray(LAYOUTS[method](reduced, seed), np.float32)
    return EmbeddingMap(
        coordinates,
        places,
        method,
        trustworthiness=_trustworthiness(vectors, coordinates),
        variance=float(share[:2].sum()) if method == "pca" else None,
        total=len(embeddings),
    )


def _sample(total: int, most: int, seed: int) -> np.ndarray:
    if total <= most:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, most, replace=False))


def _principal_components(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first components, at least 2, and the share of the variance that each holds."""
    centered = vectors - vectors.mean(0)
    left, spread, directions = np.linalg.svd(centered, full_matrices=False)
    largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1)  # one sign on every machine
    scores = (left * spread * np.sign(largest).T)[:, :COMPONENTS]
    variances = spread**2
    return np.pad(scores, ((0, 0), (0, max(0, 2 - scores.shape[1])))), variances / max(variances.sum(), 1e-30)


def _pca(reduced: np.ndarray, seed: int) -> np.ndarray:
    return reduced[:, :2]


def _tsne(reduced: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE  # takes a second

    if not np.ptp(reduced):
        return reduced[:, :2]
    start = reduced[:, :2] / reduced[:, 0].std() * 1e-4
    perplexity = min(PERPLEXITY, (len(reduced) - 1) / 3)
    with threadpool_limits(1):  # its threads wait for each other without rest, which takes minutes on a busy machine
        return np.asarray(TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(reduced))


def _umap(reduced: np.ndarray, seed: int) -> np.ndarray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ValueError(
            "UMAP needs a further package: pip install 'imgcls[umap]'. t-SNE and PCA need none."
        ) from error
    if len(reduced) < FEWEST_FOR_UMAP or not np.ptp(reduced):
        return reduced[:, :2]
    start = 10 * reduced[:, :2] / float(np.abs(reduced[:, :2]).max())
    start = start + np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)  # UMAP divides by its height
    neighbors = min(NEIGHBORS, len(reduced) - 1)
    return np.asarray(UMAP(n_neighbors=neighbors, init=start, random_state=seed, n_jobs=1).fit_transform(reduced))


LAYOUTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {"pca": _pca, "tsne": _tsne, "umap": _umap}


def _trustworthiness(vectors: np.ndarray, coordinates: np.ndarray) -> float:
    from sklearn.manifold import trustworthiness

    neighbors = max(1, min(NEIGHBORS, (len(vectors) - 1) // 2))
    return float(trustworthiness(vectors, coordinates, n_neighbors=neighbors))
