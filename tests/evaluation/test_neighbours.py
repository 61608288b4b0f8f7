import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation import neighbours
from imgcls.evaluation.neighbours import nearest_training_images
from imgcls.evaluation.prediction_table import PredictionTable


def table(embeddings):
    rows = pd.DataFrame({"image": [f"{n}.png" for n in range(len(embeddings))], "label": "a"})
    return PredictionTable(rows, ["a"], np.ones((len(rows), 1)), embeddings=embeddings)


def test_the_nearest_are_those_of_the_highest_cosine_however_many_are_compared_at_a_time(monkeypatch):
    random = np.random.default_rng(0)
    mine, theirs = (random.normal(size=(n, 5)).astype(np.float32) for n in (7, 40))
    theirs[3] = 0  # which is like nothing
    cosines = (mine / np.linalg.norm(mine, axis=1)[:, None]) @ (
        theirs / np.maximum(np.linalg.norm(theirs, axis=1), 1e-9)[:, None]
    ).T
    monkeypatch.setattr(neighbours, "AT_ONCE", 9)
    found = nearest_training_images(table(mine), table(theirs), 4)
    assert found.places.tolist() == np.argsort(-cosines, axis=1)[:, :4].tolist()
    np.testing.assert_allclose(found.similarities, -np.sort(-cosines, axis=1)[:, :4], atol=1e-6)
    assert nearest_training_images(table(mine), table(theirs[:2]), 4).places.shape == (7, 2)


@pytest.mark.parametrize("theirs", [None, np.zeros((3, 4))])
def test_embeddings_of_another_model_are_not_compared(theirs):
    with pytest.raises(ValueError, match="embeddings of one model"):
        nearest_training_images(table(np.ones((2, 5))), table(theirs) if theirs is not None else bare(), 1)


def bare():
    return PredictionTable(pd.DataFrame({"image": ["a.png"], "label": ["a"]}), ["a"], np.ones((1, 1)))
