import numpy as np
import pandas as pd
import pytest

from imgcls.data.manifest import Manifest
from imgcls.data.near_duplicates import close_pairs, connected_components, near_duplicate_groups


def flip(value: int, bits) -> int:
    for bit in bits:
        value ^= 1 << int(bit)
    return value


def groups_of(**columns: list) -> list[set[int]]:
    records = pd.DataFrame({"label": "cat", "split": "", **columns})
    groups = near_duplicate_groups(Manifest.from_records(records, "/nowhere"))
    return sorted((set(rows) for rows in groups.groupby(groups).groups.values()), key=min)


@pytest.mark.parametrize("most_bits", [0, 2, 4])
def test_the_close_pairs_are_those_that_a_comparison_of_all_with_all_finds(most_bits):
    random = np.random.default_rng(most_bits)
    originals = random.integers(0, 2**64, 60, dtype=np.uint64)
    changed = [
        flip(int(h), random.choice(64, random.integers(1, 8), replace=False)) for h in originals for _ in "12345"
    ]
    hashes = np.unique(np.concatenate([originals, np.array(changed, np.uint64)]))
    distances = np.bitwise_count(hashes[:, None] ^ hashes)
    expected = {(int(a), int(b)) for a, b in np.argwhere(distances <= most_bits) if a < b}
    found = {tuple(sorted(pair)) for pairs in close_pairs(hashes, most_bits) for pair in pairs.tolist()}
    assert found == expected
    assert bool(expected) == (most_bits > 0)


def test_a_long_chain_is_one_cluster():
    links = np.column_stack([np.arange(999), np.arange(1, 1000)])[np.random.default_rng(0).permutation(999)]
    assert connected_components(1001, links).tolist() == [0] * 1000 + [1]


def test_files_with_equal_bytes_and_rows_of_one_file_are_together():
    assert groups_of(image=["a.jpg", "b.jpg", "a.jpg", "c.jpg", "d.jpg"], sha256=["1", "2", "1", "2", ""]) == [
        {0, 2},
        {1, 3},
        {4},
    ]
