"""Which pictures are copies of each other: clusters of perceptual hashes that differ in few bits.

Two hashes that differ in at most k bits, cut into k + 2 bands, agree in at least two bands. So for each pair of bands the
hashes are sorted by those bits, and only neighbours that agree in them are compared (multi-index hashing: Norouzi, Punjani
and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012). Nothing compares all with all.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from imgcls.data.manifest import Manifest

MOST_BITS = 4  # of 64 that may differ between copies


def near_duplicate_groups(manifest: Manifest) -> pd.Series:
    """The cluster of each row, as a number, on the index of the manifest's table.

    Rows are in one cluster if they name the same file, if their files hold the same bytes, or if a chain of pictures
    leads from one to the other in which each is a copy of the next: re-encoded, resized, brightened or cropped a little.
    A row without such a relation is alone in its cluster. Rows that were not inspected are related by their path only.
    """
    table = manifest.table
    links = [_links_of_equals(table["image"]), _links_of_equals(table["sha256"])]
    hashed = np.flatnonzero(table["perceptual_hash"].to_numpy() != "")
    hashes = np.array([int(text, 16) for text in table["perceptual_hash"].iloc[hashed]], np.uint64)
    distinct, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    links.append(np.column_stack([hashed, hashed[first[place]]]))
    links += [hashed[first[pairs]] for pairs in close_pairs(distinct)]
    return pd.Series(connected_components(len(table), np.concatenate(links)), table.index, name="near_duplicates")


def close_pairs(hashes: np.ndarray, most_bits: int = MOST_BITS) -> Iterator[np.ndarray]:
    """Places of the hashes that differ in at most `most_bits` bits, as arrays (P, 2); a pair may come more than once.

    hashes: (N,) uint64, each only once, so that plain pictures, which all have the same hash, cost nothing.
    """
    for bands in combinations(_bands(most_bits + 2), 2):
        kept = hashes & (bands[0] | bands[1])
        order = np.argsort(kept)
        keys, ordered = kept[order], hashes[order]
        first = np.arange(len(hashes))
        distance = 0
        while len(first):
            distance += 1
            first = first[first + distance < len(hashes)]
            first = first[keys[first] == keys[first + distance]]
            near = first[np.bitwise_count(ordered[first] ^ ordered[first + distance]) <= most_bits]
            if len(near):
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


def _bands(count: int) -> list[np.uint64]:
    """Masks that divide 64 bits into `count` bands."""
    edges = np.linspace(0, 64, count + 1).round().astype(int)
    return [np.uint64((1 << int(end)) - (1 << int(start))) for start, end in pairwise(edges)]


def _links_of_equals(values: pd.Series) -> np.ndarray:
    """Links (L, 2) of each place to the first one with the same text; empty texts are linked to nothing."""
    places = np.flatnonzero(values != "")
    groups = pd.factorize(values.iloc[places])[0]
    first = np.unique(groups, return_index=True)[1]
    return np.column_stack([places, places[first[groups]]])
