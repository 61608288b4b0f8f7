from pathlib import Path

from imgcls.serving.client.ranked import as_predictions
from imgcls.serving.prediction import Prediction


def test_it_is_the_way_back_from_ranked():
    ranked = [
        Prediction(["rose", "tulip", "daisy"], [0.5, 0.25, 0.25], "", "rose", ["rose", "tulip"], -3.0),
        Prediction([], [], "the file is empty (0 bytes)"),
        Prediction(["daisy", "rose", "tulip"], [0.75, 0.125, 0.125], "", "not sure", ["daisy"], 2.5),
    ]
    found = as_predictions([Path("a"), Path("b"), Path("c")], ranked)
    back = found.ranked()
    assert [each.problem for each in back] == [each.problem for each in ranked]
    assert [each.decision for each in back] == ["rose", "", "not sure"]
    assert [set(each.prediction_set) for each in back] == [{"rose", "tulip"}, set(), {"daisy"}]
    assert [each.classes[:1] for each in back] == [["rose"], [], ["daisy"]]
    assert [dict(zip(each.classes, each.probabilities, strict=True)) for each in back] == [
        dict(zip(each.classes, each.probabilities, strict=True)) for each in ranked
    ]


def test_the_likeliest_alone():
    found = as_predictions([Path("a"), Path("b")], [Prediction(["x"], [0.5], ""), Prediction(["y"], [0.25], "")])
    assert found.class_names == ["x", "y"]
    assert found.probabilities.tolist() == [[0.5, 0.0], [0.0, 0.25]]
    assert not found.is_judged
