"""Which images are copies of each other: close perceptual hashes say where to look, thumbnails decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb, log2

import numpy as np
import pandas as pd

from imgcls.data.duplicates.crop_windows import WINDOWS, windowed
from imgcls.data.duplicates.image_comparison import Thumbnails
from imgcls.data.duplicates.orientations import canonical, turn, turn_sizes
from imgcls.data.duplicates.perceptual_hash import BITS, THUMBNAIL_SIDE, hashes_of, hashes_of_cells, thumbnails_of
from imgcls.data.manifest.table import Manifest

MOST_BITS = 4  # of 64 that differ between copies, where the hash is all that is known
COMPARED = 48  # lowest bits; cropping an image by 3 % changes the others too often
MOST_COMPARED_BITS = 8  # of 48 that differ between images that are looked at closer
MOST_TURNED_BITS = 4  # of 48, for the hashes of thumbnails that were turned; 99 % of mirrored copies have fewer
COMPARED_CROPPED = 40  # lowest bits, of the hash of a crop and of that of the window in the thumbnail
MOST_CROPPED_BITS = 5  # of 40; 90 % of the crops have no more
PAIRS_AT_ONCE = 10_000  # of images that are compared together
MOST_CANDIDATES = 100  # images, on average, that one is compared with as their crop; bounds the work on look-alikes
MATCHES_AT_ONCE = 2_000_000  # of hashes; bounds the memory
MOST_ALIKE = 64  # different images with one hash that are told apart; bounds the work on images of nearly nothing


@dataclass(frozen=True)
class Copies:
    """groups: the cluster of each row, as `near_duplicate_groups` gives it.

    turned_apart: rows of images that are mirrored or rotated copies of each other and have different labels, in pairs
        of labels of the table's index. They are in different clusters: a left turn is no right turn.
    """

    groups: pd.Series
    turned_apart: tuple[tuple, ...]


def near_duplicate_groups(manifest: Manifest) -> pd.Series:
    """The cluster of each row, as a number, on the index of the manifest's table.

    Rows are in one cluster if they name the same file, if their files hold the same bytes, or if a chain of images
    leads from one to the other in which each is a copy of the next: re-encoded, resized, brightened, grayed, cropped by
    up to 10 % at each side, or, with the same labels, mirrored or rotated by quarters. A row without such a relation is
    alone in its cluster. Rows that were not inspected are related by their path only. Where there are no thumbnails,
    hashes that differ in at most 4 of their 64 bits make copies.
    """
    return find_copies(manifest).groups


def find_copies(manifest: Manifest) -> Copies:
    """The clusters of `near_duplicate_groups`, and which turned copies are in none because of their labels."""
    table = manifest.table
    equal = np.concatenate([_links_of_equals(table["image"]), _links_of_equals(table["sha256"])])
    same_bytes = connected_components(len(table), equal)
    first = np.unique(same_bytes, return_index=True)[1]
    rows = first[table["perceptual_hash"].to_numpy()[first] != ""]
    images = _Images.of(table.iloc[rows])
    links, models = _copies(images, COMPARED, MOST_COMPARED_BITS)
    turned = rows[_turned(images)]
    alike = _have_the_same_labels(table["labels"], same_bytes, turned)
    links = np.concatenate([equal, rows[links], rows[_cropped(images, models)], turned[alike]])
    groups = connected_components(len(table), links)
    apart = [(table.index[a], table.index[b]) for a, b in turned[~alike] if groups[a] != groups[b]]
    return Copies(pd.Series(groups, table.index, name="copies"), tuple(apart))


def close_pairs(hashes: np.ndarray, most_bits: int = MOST_BITS, bits: int = BITS) -> Iterator[np.ndarray]:
    """Places of the hashes that differ in at most `most_bits` bits, as arrays (P, 2); each pair comes once.

    hashes: (N,) uint64, each only once, of which the lowest `bits` are compared.

    Two hashes that differ in at most k bits, cut into k + c bands, agree in at least c bands. So for each choice of c
    bands the hashes are sorted by those bits, and only those that agree in them are compared (multi-index hashing:
    Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012).
    """
    kept = min((1, 2, 3, 4), key=lambda kept: _cost(hashes, most_bits, kept, bits))
    for bands, earlier in _choices(most_bits, kept, bits):
        key = hashes & np.bitwise_or.reduce(bands)
        order = np.argsort(key)
        keys, ordered = key[order], hashes[order]
        first = np.arange(len(hashes))
        distance = 0
        while len(first):
            distance += 1
            first = first[first + distance < len(hashes)]
            first = first[keys[first] == keys[first + distance]]
            near = _are_near(ordered[first] ^ ordered[first + distance], most_bits, earlier)
            if near.any():
                near = first[near]
                yield np.column_stack([order[near], order[near + distance]])


def close_matches(ours: np.ndarray, theirs: np.ndarray, most_bits: int, bits: int) -> Iterator[np.ndarray]:
    """Places (P, 2) of those of our hashes and of theirs that differ in at most `most_bits` bits; each pair comes once.

    ours, theirs: (N,) and (M,) uint64 below 2 ** bits. The method is that of `close_pairs`, for two sides.
    """
    for bands, earlier in _choices(most_bits, _fewest_comparisons(len(ours), len(theirs), most_bits, bits), bits):
        mask = np.bitwise_or.reduce(bands)
        order = np.argsort(ours & mask)
        begin, end = (np.searchsorted((ours & mask)[order], theirs & mask, side) for side in ("left", "right"))
        for their in _parts(end - begin):
            their, step = _repeated(their, (end - begin)[their])
            our = order[begin[their] + step]
            near = _are_near(ours[our] ^ theirs[their], most_bits, earlier)
            if near.any():
                yield np.column_stack([our[near], their[near]])


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


@dataclass(frozen=True)
class _Images:
    """N images: their hashes, (N,) uint64, whether their thumbnails are known, (N,) bool, and these."""

    hashes: np.ndarray
    seen: np.ndarray
    thumbnails: Thumbnails

    @classmethod
    def of(cls, table: pd.DataFrame) -> "_Images":
        seen = table["thumbnail"].to_numpy() != ""
        cells = np.zeros((len(table), THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
        cells[seen] = thumbnails_of(table["thumbnail"][seen])
        return cls(hashes_of(table["perceptual_hash"]), seen, Thumbnails(cells, table[["width", "height"]].to_numpy()))

    def are_copies(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether the images at these places (P,) are copies of each other: (P,) bool."""
        copies = np.bitwise_count(self.hashes[first] ^ self.hashes[second]) <= MOST_BITS
        seen = np.flatnonzero(self.seen[first] & self.seen[second])
        copies[seen] = self.thumbnails.are_copies(first[seen], second[seen])
        return copies


def _copies(images: _Images, bits: int, most_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Links (L, 2) between images that are copies of each other, and models (M,), of which the others are copies.

    Compared are those whose hashes differ in at most `most_bits` of their lowest `bits`.
    """
    distinct, hash_of = np.unique(_lowest(images.hashes, bits), return_inverse=True)
    links, models = [np.zeros((0, 2), int)], [np.zeros(0, int)]
    for found, leaders in _of_one_hash(images, hash_of):
        links.append(found)
        models.append(leaders)
    models = np.sort(np.concatenate(models))
    models = models[np.argsort(hash_of[models], kind="stable")]
    begin = np.searchsorted(hash_of[models], np.arange(len(distinct) + 1))
    for pairs in _together(close_pairs(distinct, most_bits, bits)):
        first, second = (models[places] for places in _crossed(begin, pairs))
        copies = images.are_copies(first, second)
        links.append(np.column_stack([first[copies], second[copies]]))
    return np.concatenate(links), models


def _turned(images: _Images) -> np.ndarray:
    """Links (L, 2) between images that are mirrored or rotated copies of each other."""
    cells, sizes = (known[images.seen] for known in (images.thumbnails.cells, images.thumbnails.sizes))
    places, orientations = canonical(cells)
    cells, sizes = cells[places], sizes[places]
    for orientation in np.unique(orientations):
        chosen = orientations == orientation
        cells[chosen] = turn(cells[chosen], orientation)
        sizes[chosen] = turn_sizes(sizes[chosen], orientation)
    turned = _Images(hashes_of_cells(cells), np.ones(len(cells), bool), Thumbnails(cells, sizes))
    links, _ = _copies(turned, COMPARED, MOST_TURNED_BITS)
    links = places[links[orientations[links[:, 0]] != orientations[links[:, 1]]]]
    links = np.unique(np.sort(links[links[:, 0] != links[:, 1]], axis=1), axis=0)
    return np.flatnonzero(images.seen)[links]


def _cropped(images: _Images, models: np.ndarray) -> np.ndarray:
    """Links (L, 2) between images and their crops, among the models.

    Where the images look so alike that each may be a crop of a hundred others, not all of them are compared.
    """
    models = models[images.seen[models]]
    thumbnails = images.thumbnails
    if not len(models) or (thumbnails.sizes[models] == thumbnails.sizes[models[0]]).all():
        return np.zeros((0, 2), int)
    cells = thumbnails.cells[models]
    windows = np.concatenate([hashes_of_cells(windowed(cells, window)) for window in range(len(WINDOWS))])
    ours, theirs = (_lowest(hashes, COMPARED_CROPPED) for hashes in (images.hashes[models], windows))
    links, left = [], MOST_CANDIDATES * len(models)
    for pairs in _together(close_matches(ours, theirs, MOST_CROPPED_BITS, COMPARED_CROPPED)):
        pairs = pairs[pairs[:, 0] != pairs[:, 1] % len(models)][:left]
        left -= len(pairs)
        window, whole = np.divmod(pairs[:, 1], len(models))
        crop, whole = models[pairs[:, 0]], models[whole]
        found = thumbnails.are_crops(crop, whole, window)
        links.append(np.column_stack([crop[found], whole[found]]))
        if not left:
            break
    return np.concatenate([*links, np.zeros((0, 2), int)])


def _have_the_same_labels(labels: pd.Series, groups: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Whether the rows of one group have, all together, the labels of the other's: (L,) bool.

    groups: of each row. links: (L, 2), places of rows, which stand for their groups.
    """
    rows = np.flatnonzero(np.isin(groups, groups[links]))
    named: dict[int, set[tuple[str, ...]]] = {}
    for group, names in zip(groups[rows], labels.iloc[rows], strict=True):
        named.setdefault(group, set()).add(tuple(sorted(names)))
    return np.array([named[groups[a]] == named[groups[b]] for a, b in links], bool)


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


def _of_one_hash(images: _Images, hash_of: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rounds in which the first image of each hash stands model for its copies; the next image, for the next.

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
        copies = images.are_copies(model, other)
        yield np.column_stack([model[copies], other[copies]]), models
        left = other[~copies]


def _crossed(begin: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places of the first with all places of the second of each pair, where i has begin[i] up to begin[i + 1]."""
    counts = begin[pairs + 1] - begin[pairs]
    pair, place = _repeated(np.arange(len(pairs)), counts.prod(1))
    return begin[pairs[pair, 0]] + place // counts[pair, 1], begin[pairs[pair, 1]] + place % counts[pair, 1]


def _repeated(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each value as often as its count says, and for each of them the how manieth it is, from 0."""
    return np.repeat(values, counts), np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _parts(counts: np.ndarray) -> Iterator[np.ndarray]:
    """The places of counts, in parts that come to about `MATCHES_AT_ONCE` each."""
    places = np.flatnonzero(counts)
    part = np.cumsum(counts[places]) // MATCHES_AT_ONCE
    yield from np.split(places, np.flatnonzero(np.diff(part)) + 1)


def _lowest(hashes: np.ndarray, bits: int) -> np.ndarray:
    return hashes & np.uint64((1 << bits) - 1)


def _choices(most_bits: int, kept: int, bits: int) -> Iterator[tuple[tuple[np.uint64, ...], list[np.uint64]]]:
    """Each choice of `kept` of the bands, and the bands of earlier choices, in which a pair would have agreed then."""
    all_bands = _bands(most_bits + kept, bits)
    for bands in combinations(all_bands, kept):
        yield bands, [band for band in all_bands if band < bands[-1] and band not in bands]


def _are_near(unequal: np.ndarray, most_bits: int, earlier: list[np.uint64]) -> np.ndarray:
    """Which pairs differ in few bits and were not found before. unequal: (P,) uint64, the bits that differ."""
    near = np.bitwise_count(unequal) <= most_bits
    for band in earlier:
        near[near] = (unequal[near] & band) != 0
    return near


def _bands(count: int, bits: int) -> list[np.uint64]:
    """Masks that divide the lowest bits into `count` bands, which each have low and high ones; ascending."""
    return sorted(np.uint64(sum(1 << bit for bit in range(band, bits, count))) for band in range(count))


def _cost(hashes: np.ndarray, most_bits: int, kept: int, bits: int) -> float:
    """About how many comparisons `close_pairs` makes: of the sorting, and of those that agree in the kept bands."""
    bands = _bands(most_bits + kept, bits)
    counts = np.unique(hashes & np.bitwise_or.reduce(bands[:kept]), return_counts=True)[1]
    return comb(most_bits + kept, kept) * (len(hashes) * log2(len(hashes) + 2) + (counts.astype(float) ** 2).sum() / 2)


def _fewest_comparisons(ours: int, theirs: int, most_bits: int, bits: int) -> int:
    """How many bands to keep for `close_matches` to be fast, for hashes whose bits are even."""

    def cost(kept: int) -> float:
        count = most_bits + kept
        return comb(count, kept) * (theirs * log2(ours + 2) + ours * theirs / 2 ** (kept * bits / count))

    return min((1, 2, 3, 4), key=cost)


def _links_of_equals(values: pd.Series) -> np.ndarray:
    """Links (L, 2) of each place to the first one with the same text; empty texts are linked to nothing."""
    places = np.flatnonzero(values != "")
    groups = pd.factorize(values.iloc[places])[0]
    first = np.unique(groups, return_index=True)[1]
    return np.column_stack([places, places[first[groups]]])
