import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.prediction_table import PredictionTable

NAMES = ["cat", "dog", "fox"]


def table(count=5, **changes):
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), count).astype(np.float32)
    rows = pd.DataFrame(
        {
            "image": [f"a/{place}.png" for place in range(count)],
            "label": [NAMES[place % 3] for place in range(count)],
            "labels": [[NAMES[place % 3]] for place in range(count)],
            "group": ["p1", "p1", "", "", "p2"][:count],
        }
    )
    parts = {
        "logits": np.log(probabilities),
        "embeddings": random.normal(size=(count, 4)).astype(np.float32),
        "facts": {"split": "test", "split_hash": "abc", "root": "/photos"},
        "problems": [("gone.png", "no such file")],
    }
    return PredictionTable(rows, NAMES, probabilities, **{**parts, **changes})


def test_a_saved_table_is_read_as_it_was(tmp_path):
    before = table()
    before.save(tmp_path / "test.parquet")
    after = PredictionTable.load(tmp_path / "test.parquet")
    pd.testing.assert_frame_equal(after.rows.drop(columns="labels"), before.rows.drop(columns="labels"))
    assert [list(names) for names in after.rows["labels"]] == list(before.rows["labels"])
    for name in ("probabilities", "logits", "embeddings"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert after.facts == before.facts
    assert after.problems == before.problems
    assert after.class_names == NAMES


def test_any_reader_of_parquet_finds_a_row_an_image(tmp_path):
    table().save(tmp_path / "test.parquet")
    plain = pd.read_parquet(tmp_path / "test.parquet")
    assert list(plain.columns) == ["image", "label", "labels", "group", "probabilities", "logits", "embedding"]
    assert plain["embedding"].tolist() == [0, 1, 2, 3, 4]
    assert len(plain["probabilities"][0]) == 3


def test_a_table_without_embeddings_leaves_none_of_another_beside_it(tmp_path):
    table().save(tmp_path / "test.parquet")
    table(logits=None, embeddings=None).save(tmp_path / "test.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["test.parquet"]
    after = PredictionTable.load(tmp_path / "test.parquet")
    assert after.logits is None
    assert after.embeddings is None


def test_images_without_a_group_are_groups_of_one():
    assert table().groups.tolist() == [0, 0, 1, 2, 3]
    assert table(4).take(np.array([2, 3])).groups is None


def test_several_labels_an_image_are_targets():
    several = table(3, facts={"multi_label": True}, logits=None, embeddings=None)
    several.rows["labels"] = [["cat", "fox"], [], ["dog"]]
    assert several.targets.tolist() == [[True, False, True], [False, False, False], [False, True, False]]


def test_a_part_keeps_what_belongs_together():
    whole = table()
    part = whole.take(whole.predicted == 0)
    np.testing.assert_array_equal(part.embeddings, whole.embeddings[whole.predicted == 0])
    assert list(part.rows["image"]) == list(whole.rows["image"][whole.predicted == 0])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"logits": np.zeros((5, 2))}, r"logits has shape \(5, 2\); expected \(5, 3\)"),
        ({"embeddings": np.zeros((4, 2))}, "4 embeddings for 5 images"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        table(**changes)


def test_probabilities_that_are_no_numbers_are_refused():
    broken = np.full((2, 3), 1 / 3)
    broken[1, 0] = np.nan
    with pytest.raises(ValueError, match=r"The probabilities of 1 image are no numbers, first b\.png"):
        PredictionTable(pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"]}), NAMES, broken)


def test_a_label_that_the_model_does_not_know_is_named():
    strange = table(2)
    strange.rows["label"] = ["cat", "owl"]
    with pytest.raises(ValueError, match="does not know the class 'owl'"):
        strange.labels  # noqa: B018


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="Write them with"):
        PredictionTable.load(tmp_path / "test.parquet")
    pd.DataFrame({"image": ["a"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="no whole table of predictions"):
        PredictionTable.load(tmp_path / "other.parquet")
    table().save(tmp_path / "test.parquet")
    (tmp_path / "test.npy").unlink()
    with pytest.raises(ValueError, match="no whole table of predictions"):
        PredictionTable.load(tmp_path / "test.parquet")
