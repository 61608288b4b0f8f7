import json

import pandas as pd
import pytest

from imgcls.data.manifest.groups import groups_of
from imgcls.labels.records import Problems


def rows(**attributes: dict) -> pd.DataFrame:
    table = [{"image": f"{name}.png", "attributes": json.dumps(stated) if stated else ""}
             for name, stated in attributes.items()]  # fmt: skip
    return pd.DataFrame(table)


def test_a_pattern_is_searched_for_in_the_path():
    problems = Problems()
    table = rows(patient7_a={}, patient7_b={}, patient12_a={}, other={})
    found = groups_of(table, "(patient[0-9]+)_", problems)
    assert found == {"patient7_a.png": "patient7", "patient7_b.png": "patient7", "patient12_a.png": "patient12"}
    assert "1 image, such as this one, without a group" in problems.table()["reason"][0]


def test_an_attribute_names_the_group_and_two_for_one_image_are_told():
    problems = Problems()
    table = pd.concat([rows(a={"patient": 3}, b={"patient": "4"}), rows(a={"patient": 5})])
    assert groups_of(table, "patient", problems) == {"a.png": "3", "b.png": "4"}
    assert "in the groups '3' and '5'" in problems.table()["reason"][0]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("patiemt", "Did you mean 'patient'"),
        ("(cat)", "matches no image's path, such as 'a.png'"),
        ("(a)|(b)", "has 2 groups in brackets; expected one"),
        ("(?:a)", "has 0 groups"),
        ("(a", "is no regular expression"),
    ],
)
def test_a_wish_that_fits_nothing_is_refused(wish, sentence):
    with pytest.raises(ValueError, match="--group") as raised:
        groups_of(rows(a={"patient": "x"}), wish, Problems())
    assert sentence in str(raised.value)
