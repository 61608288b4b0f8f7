"""Parts of the images that are worse than the rest are found; chance, few images and groups raise no alarm."""

import json

import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.slices import find_slices

NAMES = ["cat", "dog"]


def table(right: np.ndarray, embeddings: np.ndarray | None = None, **columns) -> PredictionTable:
    """A table of cats and dogs, of which those in `right` are right."""
    labels = np.arange(len(right)) % 2
    taken = np.where(right, labels, 1 - labels)
    rows = pd.DataFrame({"image": [f"{i}.png" for i in range(len(right))], "label": np.array(NAMES)[labels]})
    return PredictionTable(rows.assign(**columns), NAMES, 0.8 * np.eye(2)[taken] + 0.1, embeddings=embeddings)


def noise(count: int, share: float = 0.9, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(count) < share


def worse(found) -> list[str]:
    return [each.title for each in found.worse]


def test_a_folder_that_is_worse_comes_first_with_its_images():
    right = noise(400)
    right[:60] = noise(60, 0.4, 1)
    folders = [f"night/{i}.png" if i < 60 else f"day/{i}.png" for i in range(400)]
    found = find_slices(table(right, image=folders))
    first = found.slices[0]
    assert (first.title, first.images, first.is_worse) == ("folder: night", 60, True)
    assert first.accuracy == pytest.approx(right[:60].mean())
    assert first.difference == pytest.approx(right[:60].mean() - right[60:].mean())
    assert first.low < first.accuracy < first.high
    assert first.members.tolist() == list(range(60))
    assert first.log_loss == pytest.approx(-np.log(np.where(right[:60], 0.9, 0.1)).mean())


def test_the_folders_of_splits_and_classes_are_no_news():
    labels = np.array(NAMES)[np.arange(100) % 2]
    found = find_slices(table(noise(100), image=[f"test/{label}/{i}.png" for i, label in enumerate(labels)]))
    assert [each.column for each in found.slices] == []


def test_numbers_are_looked_at_in_quarters_and_attributes_by_their_values():
    right = noise(400)
    right[:100] = noise(100, 0.5, 1)
    sharpness = np.linspace(0, 1, 400)
    cameras = [json.dumps({"camera": "old" if i < 100 else "new"}) for i in range(400)]
    found = find_slices(
        table(right, sharpness=sharpness, attributes=cameras, width=64, height=np.r_[:400] % 2 * 64 + 64)
    )
    assert {"camera: old", "sharpness of the edges (0 to 1): 0 to 0.25"} <= set(worse(found))
    assert {each.column for each in found.slices} == {"camera", "sharpness", "size", "aspect"}


def test_chance_alone_is_seldom_called_worse():
    alarms = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        columns = {name: generator.random(300) for name in ("sharpness", "entropy", "brightness_5", "brightness_99")}
        alarms += bool(find_slices(table(noise(300, 0.8, 1000 + seed), **columns)).worse)
    assert alarms <= 6  # 5 % of 40 are 2


def test_a_cluster_of_similar_images_is_named_after_its_classes():
    right = noise(300)
    right[:80] = noise(80, 0.3, 1)
    vectors = np.random.default_rng(0).normal(size=(300, 4)) * 0.05
    vectors[:80] += [1, 0, 0, 0]
    vectors[80:] += [0, 1, 0, 0]
    found = find_slices(table(right, vectors))
    assert found.worse
    assert all(each.column == "cluster" and "cat" in each.value and "%" in each.value for each in found.worse)
    assert set(np.concatenate([each.members for each in found.worse])) <= set(range(80))
    assert find_slices(table(right, vectors)).to_dict() == found.to_dict()


@pytest.mark.filterwarnings("error")
def test_few_images_are_shown_and_nothing_is_said_of_them():
    right = noise(100)
    right[:8] = False
    found = find_slices(table(right, format=["BMP"] * 8 + ["PNG"] * 92))
    bmp = next(each for each in found.slices if each.value == "BMP")
    assert (bmp.p_value, bmp.is_worse, bmp.accuracy) == (None, False, 0.0)
    assert found.tested == ()
    assert find_slices(table(np.array([True]))).slices == ()


@pytest.mark.filterwarnings("error")
def test_images_of_one_group_count_as_one():
    right = np.ones(400, bool)
    right[:40] = False  # all mistakes are those of one patient, whose images are all dark
    groups = [f"patient {i // 40}" for i in range(400)]
    dark = np.where(np.arange(400) < 80, "dark", "light")
    alone = find_slices(table(right, source=dark))
    together = find_slices(table(right, source=dark, group=groups))
    assert "source: dark" in worse(alone)
    assert "source: dark" not in worse(together)
    assert "group: patient 0" in worse(together)
    wide, narrow = (next(s for s in found.slices if s.value == "dark") for found in (together, alone))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_a_thousand_copies_of_one_image_have_one_cluster_and_no_warning(recwarn):
    find_slices(table(noise(200), np.ones((200, 3))))
    assert not [w for w in recwarn if "Convergence" in str(w.category)]
