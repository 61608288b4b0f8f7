import numpy as np

from imgcls.data.duplicates.clusters import connected_components


def test_a_long_chain_is_one_cluster():
    links = np.column_stack([np.arange(999), np.arange(1, 1000)])[np.random.default_rng(0).permutation(999)]
    assert connected_components(1001, links).tolist() == [0] * 1000 + [1]
