"""Near duplicates: close perceptual hashes say which images to compare, and thumbnails decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from imgcls.data.duplicates.clusters import connected_components, links_of_equals
from imgcls.data.duplicates.crop_windows import WINDOWS, windowed
from imgcls.data.duplicates.hash_search import close_matches, close_pairs, repeated
from imgcls.data.duplicates.image_comparison import Thumbnails
from imgcls.data.duplicates.orientations import canonical, turn, turn_sizes
from imgcls.data.duplicates.perceptual_hash import THUMBNAIL_SIDE, hashes_of, hashes_of_cells, thumbnails_of
from imgcls.data.manifest.table import Manifest

MOST_BITS = 4  # of 64 that differ between copies, where the hash is all that is known
COMPARED = 48  # lowest bits; cropping an image by 3 % changes the others too often
MOST_COMPARED_BITS = 8  # of 48 that differ between images that are looked at closer
MOST_TURNED_BITS = 4  # of 48, for the hashes of thumbnails that were turned; 99 % of mirrored copies have fewer
COMPARED_CROPPED = 40  # lowest bits, of the hash of a crop and of that of the window in the thumbnail
MOST_CROPPED_BITS = 5  # of 40; 90 % of the crops have no more
PAIRS_AT_ONCE = 10_000  # of images that are compared together
MOST_CANDIDATES = 100  # images, on average, that one is compared with as their crop; bounds the work on look-alikes
MOST_ALIKE = 64  # different images with one hash that are distinguished; bounds the work on images of nearly nothing


@dataclass(frozen=True)
class Copies:
    """Images that are copies of each other.

    Attributes:
        groups: The cluster of each row, as `near_duplicate_groups` gives it.
        turned_apart: Pairs of rows, by the table's index, whose images are mirrored or rotated copies of each other and
            have different labels. They are in different clusters: a left turn is no right turn.
    """

    groups: pd.Series
    turned_apart: tuple[tuple[Any, ...], ...]


def near_duplicate_groups(manifest: Manifest) -> pd.Series:
    """The cluster of each row, as a number, on the index of the manifest's table.

    Rows are in one cluster if they name the same file, if their files hold the same bytes, or if a chain of images
    leads from one to the other in which each is a copy of the next: re-encoded, resized, brightened, made gray, cropped
    by up to 10 % at each side, or, with the same labels, mirrored or rotated by quarters. Any other row is alone in its
    cluster. Rows that were not inspected are related by their path only. Without thumbnails, images are copies if their
    hashes differ in at most 4 of 64 bits.
    """
    return find_copies(manifest).groups


def find_copies(manifest: Manifest) -> Copies:
    """The clusters of `near_duplicate_groups`, and the turned copies that are in none because of their labels."""
    table = manifest.table
    equal = np.concatenate([links_of_equals(table["image"]), links_of_equals(table["sha256"])])
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
        copies: np.ndarray = np.bitwise_count(self.hashes[first] ^ self.hashes[second]) <= MOST_BITS
        seen = np.flatnonzero(self.seen[first] & self.seen[second])
        copies[seen] = self.thumbnails.are_copies(first[seen], second[seen])
        return copies


def _copies(images: _Images, bits: int, most_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Links (L, 2) between images that are copies of each other, and models (M,), of which the others are copies.

    Compared are those whose hashes differ in at most `most_bits` of their lowest `bits`.
    """
    distinct, hash_of = np.unique(_lowest(images.hashes, bits), return_inverse=True)
    links, every = [np.zeros((0, 2), int)], [np.zeros(0, int)]
    for found, leaders in _of_one_hash(images, hash_of):
        links.append(found)
        every.append(leaders)
    models = np.sort(np.concatenate(every))
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
    turned_links: np.ndarray = np.flatnonzero(images.seen)[links]
    return turned_links


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
    pair, place = repeated(np.arange(len(pairs)), counts.prod(1))
    return begin[pairs[pair, 0]] + place // counts[pair, 1], begin[pairs[pair, 1]] + place % counts[pair, 1]


def _lowest(hashes: np.ndarray, bits: int) -> np.ndarray:
    return hashes & np.uint64((1 << bits) - 1)
