import numpy as np
import pytest

from imgcls.data.duplicates.hash_search import close_matches, close_pairs


def flip(value: int, bits) -> int:
    for bit in bits:
        value ^= 1 << int(bit)
    return value


@pytest.mark.parametrize(("most_bits", "bits"), [(0, 64), (2, 64), (4, 64), (8, 48)])
def test_the_close_pairs_are_those_that_a_comparison_of_all_with_all_finds(most_bits, bits):
    random = np.random.default_rng(most_bits)
    originals = random.integers(0, 2**bits, 60, dtype=np.uint64)
    changed = [
        flip(int(h), random.choice(bits, random.integers(1, 12), replace=False)) for h in originals for _ in "12345"
    ]
    hashes = np.unique(np.concatenate([originals, np.array(changed, np.uint64)]))
    distances = np.bitwise_count(hashes[:, None] ^ hashes)
    expected = sorted((int(a), int(b)) for a, b in np.argwhere(distances <= most_bits) if a < b)
    found = sorted(tuple(sorted(pair)) for pairs in close_pairs(hashes, most_bits, bits) for pair in pairs.tolist())
    assert found == expected  # each of them once
    assert bool(expected) == (most_bits > 0)


def test_the_close_matches_of_two_sides_are_found_once_each():
    random = np.random.default_rng(0)
    ours = random.integers(0, 2**40, 80, dtype=np.uint64)
    theirs = [flip(int(h), random.choice(40, random.integers(0, 9), replace=False)) for h in ours for _ in "1234"]
    theirs = np.array(theirs, np.uint64)
    expected = np.argwhere(np.bitwise_count(ours[:, None] ^ theirs) <= 5).tolist()
    found = [pair for pairs in close_matches(ours, theirs, 5, 40) for pair in pairs.tolist()]
    assert sorted(found) == expected
    assert len(expected) > 80
    assert not list(close_matches(ours[:0], theirs, 5, 40))
