"""Filters."""

import pandas as pd
import pytest
from projects.chosen_rows import ASIDE, BROKEN, NO_SPLIT, NOT_KNOWN, OF_ADDRESSES, USED, WAITING, chosen_rows
from projects.versions import NO_LABEL, SET_ASIDE

from imgcls.data.manifest.table import Manifest


@pytest.fixture
def manifest() -> Manifest:
    rows = pd.DataFrame(
        {
            "image": [f"{name}.png" for name in "abcde"],
            "labels": [["cat"], ["dog", "cow"], [], ["cat"], ["dog"]],
            "split": ["train", "test", "", "", ""],
            "problems": ["", "", NO_LABEL, SET_ASIDE, "a damaged file"],
            "source": ["coco", "camera", "http://a/c.png", "http://a/d.png", ""],
        }
    )
    return Manifest.from_records(rows, "photos")


def test_filters_narrow_what_is_shown(manifest):
    assert chosen_rows(manifest) == [0, 1, 2, 3, 4]
    assert chosen_rows(manifest, classes=["cow"]) == [1]
    assert chosen_rows(manifest, classes=["cat"], splits=[NO_SPLIT]) == [3]
    assert [chosen_rows(manifest, states=[state]) for state in (USED, WAITING, ASIDE, BROKEN)] == [
        [0, 1],
        [2],
        [3],
        [4],
    ]
    assert chosen_rows(manifest, classes=["dog"], among=[0, 4]) == [4]
    assert chosen_rows(manifest, origins=["camera"]) == [1]
    assert chosen_rows(manifest, origins=[OF_ADDRESSES, NOT_KNOWN]) == [2, 3, 4]
