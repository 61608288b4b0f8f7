"""Which pictures are copies of each other: close perceptual hashes say where to look, thumbnails decide."""

from collections.abc import Iterator
from itertools import combinations
from math import comb, log2

import numpy as np
import pandas as pd

from imgcls.data.manifest import Manifest
from imgcls.data.perceptual_hash import BITS, THUMBNAIL_SIDE, hashes_of, thumbnails_of
from imgcls.data.picture_comparison import Thumbnails

MOST_BITS = 4  # of 64 that differ between copies, where the hash is all that is known
COMPARED = 48  # lowest bits; cropping a picture by 3 % changes the others too often
MOST_COMPARED_BITS = 8  # of 48 that differ between pictures that are looked at closer
PAIRS_AT_ONCE = 10_000  # of pictures that are compared together
MOST_ALIKE = 64  # different pictures with one hash that are told apart; bounds the work on pictures of nearly nothing


def near_duplicate_groups(manifest: Manifest) -> pd.Series:
    """The cluster of each row, as a number, on the index of the manifest's table.

    Rows are in one cluster if they name the same file, if their files hold the same bytes, or if a chain of pictures
    leads from one to the other in which each is a copy of the next: re-encoded, resized, brightened, greyed or cropped
    a little. A row without such a relation is alone in its cluster. Rows that were not inspected are related by their
    path only. Where there are no thumbnails, hashes that differ in at most 4 of their 64 bits make copies.
    """
    table = manifest.table
    equal = np.concatenate([_links_of_equals(table["image"]), _links_of_equals(table["sha256"])])
    groups = connected_components(len(table), equal)
    first = np.unique(groups, return_index=True)[1]
    rows = first[table["perceptual_hash"].to_numpy()[first] != ""]
    links = [rows[pairs] for pairs in _copies(_Pictures(table.iloc[rows]))]
    return pd.Series(connected_components(len(table), np.concatenate([equal, *links])), table.index, name="copies")


def close_pairs(hashes: np.ndarray, most_bits: int = MOST_BITS, bits: int = BITS) -> Iterator[np.ndarray]:
    """Places of the hashes that differ in at most `most_bits` bits, as arrays (P, 2); each pair comes once.

    hashes: (N,) uint64, each only once, of which the lowest `bits` are compared.

    Two hashes that differ in at most k bits, cut into k + c bands, agree in at least c bands. So for each choice of c
    bands the hashes are sorted by those bits, and only those that agree in them are compared (multi-index hashing:
    Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012).
    """
    kept = min((1, 2, 3, 4), key=lambda kept: _cost(hashes, most_bits, kept, bits))
    all_bands = _bands(most_bits + kept, bits)
    for bands in combinations(all_bands, kept):
        key = hashes & np.bitwise_or.reduce(bands)
        order = np.argsort(key)
        keys, ordered = key[order], hashes[order]
        earlier = [band for band in all_bands if band < bands[-1] and band not in bands]
        first = np.arange(len(hashes))
        distance = 0
        while len(first):
            distance += 1
            first = first[first + distance < len(hashes)]
            first = first[keys[first] == keys[first + distance]]
            unequal = ordered[first] ^ ordered[first + distance]
            near = np.bitwise_count(unequal) <= most_bits
            for band in earlier:  # a pair that agrees in one of them was found before
                near[near] = (unequal[near] & band) != 0
            if near.any():
                near = first[near]
                yield np.column_stack([order[near], order[near + distance]])


def connected_components(count: int, links: np.ndarray) -> np.ndarray:
    """Number the clusters of `count` things, 0 onwards in the order of their first members: (count,) int64.

    links: (L, 2), places of things that belong together.
    """
    smallest = np.arange(count)
    while True:
        lower = np.minimum(smallest[links[:, 0]], smallest[links[:, 1]])
        before = smallest.copy()
        for side in (0, 1):
            np.minimum.at(smallest, smallest[links[:, side]], lower)
        smallest = smallest[smallest]
        if (smallest == before).all():
            return np.unique(smallest, return_inverse=True)[1]


class _Pictures:
    """N pictures, of which their hashes, (N,) uint64, and in most cases their thumbnails are known."""

    def __init__(self, table: pd.DataFrame):
        self.hashes = hashes_of(table["perceptual_hash"])
        self._seen = table["thumbnail"].to_numpy() != ""
        cells = np.zeros((len(table), THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
        cells[self._seen] = thumbnails_of(table["thumbnail"][self._seen])
        self._thumbnails = Thumbnails(cells, table[["width", "height"]].to_numpy())

    def are_copies(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether the pictures at these places (P,) are copies of each other: (P,) bool."""
        copies = np.bitwise_count(self.hashes[first] ^ self.hashes[second]) <= MOST_BITS
        seen = np.flatnonzero(self._seen[first] & self._seen[second])
        copies[seen] = self._thumbnails.are_copies(first[seen], second[seen])
        return copies


def _copies(pictures: _Pictures) -> Iterator[np.ndarray]:
    """Links (L, 2) between pictures that are copies of each other."""
    compared = pictures.hashes & np.uint64((1 << COMPARED) - 1)
    distinct, hash_of = np.unique(compared, return_inverse=True)
    models = []
    for links, leaders in _of_one_hash(pictures, hash_of):
        models.append(leaders)
        yield links
    models = np.sort(np.concatenate([*models, np.zeros(0, int)]))
    models = models[np.argsort(hash_of[models], kind="stable")]
    begin = np.searchsorted(hash_of[models], np.arange(len(distinct) + 1))
    for pairs in _together(close_pairs(distinct, MOST_COMPARED_BITS, COMPARED)):
        first, second = (models[places] for places in _crossed(begin, pairs))
        copies = pictures.are_copies(first, second)
        yield np.column_stack([first[copies], second[copies]])


def _together(parts: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The same pairs in fewer parts: a hundred small ones cost a hundred times the few calls of a large one."""
    waiting, count = [], 0
    for part in parts:
        waiting.append(part)
        count += len(part)
        if count >= PAIRS_AT_ONCE:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _of_one_hash(pictures: _Pictures, hash_of: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rounds in which the first picture of each hash stands model for its copies; the next picture, for the next.

    Yields links (L, 2) of copies to their models, and the models (M,).
    """
    left = np.arange(len(hash_of))
    for _ in range(MOST_ALIKE):
        if not len(left):
            return
        _, first, group = np.unique(hash_of[left], return_index=True, return_inverse=True)
        models = left[first]
        others = np.setdiff1d(np.arange(len(left)), first)
        model, other = models[group[others]], left[others]
        copies = pictures.are_copies(model, other)
        yield np.column_stack([model[copies], other[copies]]), models
        left = other[~copies]


def _crossed(begin: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places of the first with all places of the second of each pair, where i has begin[i] up to begin[i + 1]."""
    counts = begin[pairs + 1] - begin[pairs]
    products = counts.prod(1)
    pair = np.repeat(np.arange(len(pairs)), products)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(products) - products, products)
    return begin[pairs[pair, 0]] + place // counts[pair, 1], begin[pairs[pair, 1]] + place % counts[pair, 1]


def _bands(count: int, bits: int) -> list[np.uint64]:
    """Masks that divide the lowest bits into `count` bands, which each have low and high ones; ascending."""
    return sorted(np.uint64(sum(1 << bit for bit in range(band, bits, count))) for band in range(count))


def _cost(hashes: np.ndarray, most_bits: int, kept: int, bits: int) -> float:
    """About how many comparisons `close_pairs` makes: of the sorting, and of those that agree in the kept bands."""
    bands = _bands(most_bits + kept, bits)
    counts = np.unique(hashes & np.bitwise_or.reduce(bands[:kept]), return_counts=True)[1]
    return comb(most_bits + kept, kept) * (len(hashes) * log2(len(hashes) + 2) + (counts.astype(float) ** 2).sum() / 2)


def _links_of_equals(values: pd.Series) -> np.ndarray:
    """Links (L, 2) of each place to the first one with the same text; empty texts are linked to nothing."""
    places = np.flatnonzero(values != "")
    groups = pd.factorize(values.iloc[places])[0]
    first = np.unique(groups, return_index=True)[1]
    return np.column_stack([places, places[first[groups]]])
