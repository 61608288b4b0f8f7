import numpy as np
import pandas as pd
import pytest

from imgcls.labels.consensus import METHODS, agree
from imgcls.labels.records import BOX, Records, typed

NO_PROBLEMS = pd.DataFrame(columns=["file", "line", "reason", "effect"])


def answers(tmp_path, *rows: tuple[str, str, str], attributes: str = "") -> Records:
    table = [{"image": i, "label": label, "annotator": by, "attributes": attributes} for i, label, by in rows]
    return Records(typed(table), NO_PROBLEMS, tmp_path)


def crowd(tmp_path, images: int = 200, seed: int = 0) -> tuple[Records, dict[str, str]]:
    """Two careful annotators, and three who call most dogs wolves."""
    random = np.random.default_rng(seed)
    truth = {f"{i:03d}.png": str(random.choice(["dog", "wolf"])) for i in range(images)}
    rows = []
    for image, label in truth.items():
        for by in ("anna", "boris"):
            rows.append((image, label if random.random() < 0.95 else {"dog": "wolf", "wolf": "dog"}[label], by))
        for by in ("x", "y", "z"):
            rows.append((image, "wolf" if random.random() < 0.75 else label, by))
    return answers(tmp_path, *rows), truth


def accuracy(consensus, truth: dict[str, str]) -> float:
    return float(np.mean([truth[image] == label for image, label in consensus.images["label"].items()]))


def test_majority_agreement_and_who_needs_another_opinion(tmp_path):
    rows = [
        ("1", "cat", "a"),
        ("1", "cat", "b"),
        ("1", "dog", "c"),
        ("2", "dog", "a"),
        ("3", "cat", "a"),
        ("3", "dog", "b"),
    ]
    consensus = agree(answers(tmp_path, *rows), sure=0.6)
    assert consensus.images["label"].to_dict() == {"1": "cat", "2": "dog", "3": ""}
    assert consensus.images["agreement"].dropna().round(3).to_dict() == {"1": 0.667, "2": 1.0}
    assert consensus.images["needs_another"].to_dict() == {"1": False, "2": True, "3": True}  # alone; tied
    assert consensus.needing_another == pytest.approx(2 / 3)
    assert consensus.annotators["agreement"].round(3).to_dict() == {"a": 1.0, "b": 1.0, "c": 0.0}
    rows = consensus.records.boxes_or_images
    assert list(zip(rows["image"], rows["label"], rows["annotator"], strict=True)) == [
        ("1", "cat", "a, b, c"),
        ("2", "dog", "a"),
    ]
    assert consensus.records.problems[["file", "effect"]].values.tolist() == [["3", "left out"]]
    assert "undecided between 'cat' and 'dog'" in consensus.records.problems["reason"][0]


def test_a_tie_is_settled_by_skill_as_asked(tmp_path):
    """b is right wherever it is known, c never is; no majority is overruled."""
    rows = [(f"g{i}", label, by) for i in range(3) for by, label in (("b", "dog"), ("c", "cat"))]
    rows += [
        ("tie", "cat", "c"),
        ("tie", "dog", "b"),
        ("clear", "dog", "b"),
        ("clear", "cat", "c"),
        ("clear", "cat", "d"),
    ]
    rows += [("even", "cat", "e"), ("even", "dog", "f")]
    golden = {f"g{i}": "dog" for i in range(3)}
    consensus = agree(answers(tmp_path, *rows), "majority_then_skill", golden)
    assert consensus.images["label"].drop(list(golden)).to_dict() == {"tie": "dog", "clear": "cat", "even": ""}
    assert consensus.records.problems["file"].tolist() == ["even"]
    plain = agree(answers(tmp_path, *rows), "majority", golden)
    assert plain.images.loc[["tie", "even"], "label"].tolist() == ["", ""]
    assert "majority_then_skill" in plain.records.problems["reason"][0]


def test_an_image_without_answers_is_reported(tmp_path):
    consensus = agree(answers(tmp_path, ("1", "cat", "a"), ("1", "cat", "b"), ("2", "", "")))
    assert consensus.records.problems["file"].tolist() == ["2"]


def test_golden_images_score_the_annotators_and_keep_their_label(tmp_path):
    rows = [("g", "dog", by) for by in "ab"] + [("g", "cat", "c"), ("1", "dog", "a"), ("1", "cat", "c")]
    records = answers(tmp_path, *rows)
    consensus = agree(records, "weighted_majority", golden={"g": "cat"})
    assert consensus.images.loc["g", ["label", "confidence"]].tolist() == ["cat", 1.0]
    assert consensus.annotators["golden_right"].to_dict() == {"a": 0, "b": 0, "c": 1}
    assert consensus.images.loc["1", "label"] == "cat"  # c was right where the answer is known
    stated = agree(answers(tmp_path, *rows, attributes='{"golden": "cat"}'), "weighted_majority")
    assert stated.annotators["golden_answers"].to_dict() == {"a": 2, "b": 1, "c": 2}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_what_all_agree_on(tmp_path, method):
    rows = [(str(i), "cat" if i % 2 else "dog", by) for i in range(10) for by in "abc"]
    consensus = agree(answers(tmp_path, *rows), method)
    assert consensus.images["label"].to_dict() == {str(i): "cat" if i % 2 else "dog" for i in range(10)}
    assert consensus.needing_another == 0


def test_dawid_skene_learns_who_confuses_what(tmp_path):
    records, truth = crowd(tmp_path)
    majority, dawid_skene = (accuracy(agree(records, method), truth) for method in ("majority", "dawid_skene"))
    assert dawid_skene > 0.9
    assert dawid_skene > majority + 0.05
    annotators = agree(records, "dawid_skene").annotators
    assert annotators.loc[["anna", "boris"], "skill"].min() > annotators.loc[["x", "y", "z"], "skill"].max()


def test_second_answers_boxes_and_nameless_labels_are_reported(tmp_path):
    records = answers(tmp_path, ("1", "cat", "a"), ("1", "dog", "a"), ("2", "cat", ""), ("3", "cat", "a"))
    table = records.boxes_or_images
    table.loc[3, BOX] = [0, 0, 5, 5]
    consensus = agree(records)
    assert consensus.images["label"].to_dict() == {"1": "dog"}
    assert sorted(consensus.records.problems["file"]) == ["1", "2", "3"]


def test_wrong_wishes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'dawid_skene'"):
        agree(answers(tmp_path, ("1", "cat", "a")), "dawid-skene")
    with pytest.raises(ValueError, match="no answers"):
        agree(answers(tmp_path, ("1", "cat", "")))
