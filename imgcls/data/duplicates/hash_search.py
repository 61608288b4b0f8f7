"""Pairs of hashes that differ in few bits, found without comparing all of them (multi-index hashing).

Two hashes that differ in at most k bits, cut into k + c bands, agree in at least c bands. So for each choice of c bands
the hashes are sorted by those bits, and only those that agree in them are compared.

Reference:
    Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb, log2

import numpy as np

from imgcls.data.duplicates.perceptual_hash import BITS

MATCHES_AT_ONCE = 2_000_000  # of hashes; bounds the memory


def close_pairs(hashes: np.ndarray, most_bits: int, bits: int = BITS) -> Iterator[np.ndarray]:
    """Find the hashes that differ in few bits.

    Args:
        hashes: (N,), uint64, without repetitions.
        most_bits: The largest number of bits that differ.
        bits: How many of the lowest bits are compared.

    Yields:
        (P, 2), places of two hashes; each pair comes once.
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
    """Find the hashes of one set that differ in few bits from hashes of another one.

    Args:
        ours: (N,), uint64 below 2 ** bits.
        theirs: (M,), uint64 below 2 ** bits.
        most_bits: The largest number of bits that differ.
        bits: The number of bits of a hash.

    Yields:
        (P, 2), places in `ours` and in `theirs`; each pair comes once.
    """
    for bands, earlier in _choices(most_bits, _fewest_comparisons(len(ours), len(theirs), most_bits, bits), bits):
        mask = np.bitwise_or.reduce(bands)
        order = np.argsort(ours & mask)
        begin, end = (np.searchsorted((ours & mask)[order], theirs & mask, side) for side in ("left", "right"))
        for their in _parts(end - begin):
            their, step = repeated(their, (end - begin)[their])
            our = order[begin[their] + step]
            near = _are_near(ours[our] ^ theirs[their], most_bits, earlier)
            if near.any():
                yield np.column_stack([our[near], their[near]])


def repeated(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repeat each value as often as its count says.

    Args:
        values: (N,).
        counts: (N,), int.

    Returns:
        The repeated values, and for each of them which repetition of its value it is, from 0.

    Example:
        >>> values, repetition = repeated(np.array([7, 9]), np.array([2, 3]))
        >>> values.tolist(), repetition.tolist()
        ([7, 7, 9, 9, 9], [0, 1, 0, 1, 2])
    """
    return np.repeat(values, counts), np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _parts(counts: np.ndarray) -> Iterator[np.ndarray]:
    """The places of counts, in parts that come to about `MATCHES_AT_ONCE` each."""
    places = np.flatnonzero(counts)
    part = np.cumsum(counts[places]) // MATCHES_AT_ONCE
    yield from np.split(places, np.flatnonzero(np.diff(part)) + 1)


def _choices(most_bits: int, kept: int, bits: int) -> Iterator[tuple[tuple[np.uint64, ...], list[np.uint64]]]:
    """Each choice of `kept` of the bands, and the bands of earlier choices, in which a pair would have agreed then."""
    all_bands = _bands(most_bits + kept, bits)
    for bands in combinations(all_bands, kept):
        yield bands, [band for band in all_bands if band < bands[-1] and band not in bands]


def _are_near(unequal: np.ndarray, most_bits: int, earlier: list[np.uint64]) -> np.ndarray:
    """Which pairs differ in few bits and were not found before. unequal: (P,) uint64, the bits that differ."""
    near: np.ndarray = np.bitwise_count(unequal) <= most_bits
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
    comparing = float((counts.astype(float) ** 2).sum() / 2)
    return comb(most_bits + kept, kept) * (len(hashes) * log2(len(hashes) + 2) + comparing)


def _fewest_comparisons(ours: int, theirs: int, most_bits: int, bits: int) -> int:
    """How many bands to keep for `close_matches` to be fast, for hashes whose bits are even."""

    def cost(kept: int) -> float:
        count = most_bits + kept
        return comb(count, kept) * (theirs * log2(ours + 2) + ours * theirs / 2 ** (kept * bits / count))

    return min((1, 2, 3, 4), key=cost)
