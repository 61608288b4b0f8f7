import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.drift_observations import Observations
from tests.evaluation.observed import NAMES, drawn_table


def test_labels_are_not_read():
    table = drawn_table(5, seed=0)
    table.rows["label"] = ""
    observed = Observations.of_table(table)
    assert observed.images == 5
    assert set(observed.values) == {
        "confidence", "brightness", "brightness_99", "brightness_5", "sharpness", "size", "aspect",
    }  # fmt: skip


def test_the_size_of_a_part_of_an_image_is_that_of_its_box():
    table = drawn_table(2, seed=0)
    table.rows[["x_min", "y_min", "x_max", "y_max"]] = [[0, 0, 40, 10], [np.nan] * 4]
    observed = Observations.of_table(table)
    assert observed.values["aspect"][0] == 4
    assert observed.values["size"][0] == 20
    assert observed.values["aspect"][1] == pytest.approx(table.rows["width"][1] / 480, rel=1e-3)


def test_an_image_without_a_size_has_none():
    table = drawn_table(2, seed=0)
    table.rows.loc[0, ["width", "height"]] = 0
    assert np.isnan(Observations.of_table(table).values["aspect"]).tolist() == [True, False]


def test_a_log_gives_confidence_and_classes():
    log = pd.DataFrame({"class": ["bee", "ant", ""], "probability": ["0.5", "0.75", ""], "problem": ["", "", "broken"]})
    observed = Observations.of_log(log, NAMES)
    assert observed.images == 2
    assert observed.predicted.tolist() == [1, 0]
    assert observed.values["confidence"].tolist() == [0.5, 0.75]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ({"class": ["ant"]}, "has no column 'probability', but class. Expected a table"),
        ({"class": ["ant"], "probability": [1.2]}, "no numbers from 0 to 1"),
        ({"class": ["ant"], "probability": ["high"]}, "no numbers from 0 to 1"),
        ({"class": ["cow"], "probability": [0.2]}, "names the class 'cow', which the model does not know"),
    ],
)
def test_a_log_that_is_none_is_refused_in_a_sentence(log, said):
    with pytest.raises(ValueError, match=said):
        Observations.of_log(pd.DataFrame(log), NAMES)
