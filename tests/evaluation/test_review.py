import math

import numpy as np
import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.label_errors import find_label_errors
from imgcls.evaluation.review import Candidate, candidates

NAMES = ["cat", "dog"]


def reviewed(**columns) -> list[Candidate]:
    """Eight images of which the first is wrong, and the last but one a doubtful one of the test."""
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 1])
    right = np.array([0, 0, 0, 0, 1, 1, 0, 1])
    probabilities = np.where(right[:, None] == [0, 1], 0.96, 0.04)
    splits = ["train"] * 5 + ["validation", "test", "train"]
    records = {"image": [f"{i}.png" for i in range(8)], "label": [NAMES[i] for i in labels], "split": splits, **columns}
    rows = Manifest.from_records(pd.DataFrame(records), "photos").table
    features = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    errors = find_label_errors(labels, probabilities, NAMES)
    return candidates(errors, rows, features, {3: "nearly the same image, labelled 'cat' and 'dog'"}, np.arange(8))


def test_copies_with_two_labels_come_first_and_then_the_most_doubtful():
    queue = reviewed()
    assert [each.place for each in queue] == [3, 0, 6]
    assert [each.is_copy for each in queue] == [True, False, False]
    assert (queue[1].given, queue[1].suggested, queue[1].why) == ("dog", "cat", "looks wrong")


def test_neighbours_are_training_images_of_both_classes_and_never_the_image_itself():
    _, wrong, tested = reviewed()
    assert set(wrong.neighbours) == {"cat", "dog"}
    assert set(wrong.neighbours["cat"]) <= {1, 2, 3}
    assert set(wrong.neighbours["dog"]) == {4, 7}
    assert set(tested.neighbours["dog"]) <= {0, 4, 7}


def test_nothing_is_accepted_unless_it_is_asked_for_and_never_in_the_test():
    _, wrong, tested = reviewed()
    assert wrong.decision(None)["label"] == "dog"
    assert wrong.decision(0.95)["label"] == "cat"
    assert wrong.decision(0.97)["label"] == "dog"
    assert tested.decision(0.5)["label"] == "dog"


@pytest.mark.parametrize("edge", [2.0, math.nan])
def test_a_decision_on_a_box_names_the_box(edge):
    box = {"x_min": 1.0, "y_min": 1.0, "x_max": edge, "y_max": 3.0}
    decision = reviewed(**box)[0].decision(None)
    assert ("x_min" in decision) == (edge == 2.0)
