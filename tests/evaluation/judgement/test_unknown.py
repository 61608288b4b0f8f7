import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp, softmax

from imgcls.evaluation.judgement.unknown import HIDDEN, Candidate, UnknownScore, candidates_of
from imgcls.evaluation.judgement.unknown_fit import NUMBERS, drawn, fit_unknown_score, known_threshold
from imgcls.evaluation.prediction_table import PredictionTable

NAMES = ["ant", "bee", "cow", "dog"]
SIZE = 8


def table(labels: np.ndarray, embeddings: np.ndarray, names=NAMES, **facts) -> PredictionTable:
    """Logits are what a linear head makes of embeddings that lie around one axis a class."""
    logits = 4.0 * embeddings[:, : len(names)]
    rows = pd.DataFrame({"image": [f"{place}.png" for place in range(len(labels))]})
    rows["label"] = [names[label] for label in labels]
    rows["labels"] = [[name] for name in rows["label"]]
    return PredictionTable(rows, names, softmax(logits, axis=1), logits, embeddings.astype("float32"), facts)


def around_axes(seed: int, images: int, size: int = SIZE, names=NAMES, **facts) -> PredictionTable:
    """Each class around an axis of its own, with little spread in the last directions."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % len(names)
    spread = np.linspace(0.4, 0.05, size)
    return table(labels, np.eye(size)[labels] * 3 + random.normal(size=(images, size)) * spread, names, **facts)


def strangers(seed: int, images: int = 60, names=NAMES) -> PredictionTable:
    """Near the classes, but apart in the direction in which these do not spread."""
    known = around_axes(seed, images, names=names)
    moved = np.asarray(known.embeddings) + np.eye(SIZE)[-1]
    return table(np.zeros(images, int), moved, names)


@pytest.fixture(scope="module")
def fitted() -> UnknownScore:
    return fit_unknown_score(around_axes(0, 400), around_axes(1, 200), {"strange": strangers(2)})


def test_the_best_score_is_chosen_on_validation_and_knows_as_many_as_was_wished(fitted):
    assert fitted.method == "mahalanobis"
    best = max(fitted.candidates, key=lambda each: each.area)
    assert best.method == fitted.method
    assert set(best.areas) == {HIDDEN, "strange"}
    assert best.areas["strange"] > 0.99
    assert {each.method for each in fitted.candidates} == {"mahalanobis", "knn", "msp", "energy"}
    assert 1 - fitted.is_unknown(around_axes(1, 200)).mean() >= 0.95
    assert fitted.is_unknown(strangers(3)).mean() > 0.95
    assert fitted.is_unknown(around_axes(4, 400)).mean() < 0.1


def test_the_same_images_give_the_same_score(fitted):
    again = fit_unknown_score(around_axes(0, 400), around_axes(1, 200), {"strange": strangers(2)})
    assert again.to_dict() == fitted.to_dict()
    assert candidates_of(fitted.to_dict()["candidates"]) == fitted.candidates


@pytest.mark.parametrize("known", [0.8, 0.99, 1.0])
def test_the_wished_share_of_validation_stays_known(known):
    score = fit_unknown_score(around_axes(0, 100), around_axes(1, 150), known=known)
    assert known <= 1 - score.is_unknown(around_axes(1, 150)).mean() <= known + 0.02


def test_mahalanobis_distance_is_that_of_the_covariance_within_the_classes():
    training, other = around_axes(0, 400), around_axes(3, 50)
    score = next(each for each in [fit_unknown_score(training, around_axes(1, 200), {"strange": strangers(2)})])
    embeddings, labels = np.asarray(training.embeddings, float), training.labels
    means = np.stack([embeddings[labels == k].mean(axis=0) for k in range(4)])
    inverse = np.linalg.inv((embeddings - means[labels]).T @ (embeddings - means[labels]) / 400)
    away = np.asarray(other.embeddings, float)[:, None, :] - means
    expected = np.einsum("bkd,de,bke->bk", away, inverse, away).min(axis=1)
    np.testing.assert_allclose(score.scores(other), expected, rtol=1e-3)


def test_scores_of_logits_and_neighbors():
    logits = np.random.default_rng(0).normal(size=(20, 4)) * 3
    likeliest = softmax(logits, axis=1).max(axis=1)
    close(UnknownScore("msp", 0.0).score(logits, None), np.log((1 - likeliest) / likeliest))
    close(UnknownScore("energy", 0.0).score(logits, None), -logsumexp(logits, axis=1))
    close(UnknownScore("max_logit", 0.0).score(logits, None), -logits.max(axis=1))
    close(UnknownScore("joint_energy", 0.0).score(logits, None), -np.logaddexp(0, logits).sum(axis=1))
    bank = np.eye(4, dtype="float32")
    cosine = np.sort(logits / np.linalg.norm(logits, axis=1, keepdims=True), axis=1)[:, -2]
    close(UnknownScore("knn", 0.0, {"bank": bank}, 2).score(logits, logits), 1 - cosine)


@pytest.mark.slow
def test_many_dimensions_and_many_images_keep_the_model_small():
    names = ["ant", "bee"]
    training = around_axes(0, 3000, 1200, names)
    score = fit_unknown_score(training.take(np.arange(600)), around_axes(1, 100, 1200, names))
    arrays = score.arrays
    assert sum(values.size for values in arrays.values()) < 1.1 * NUMBERS
    assert arrays["components"].shape == (833, 1200)
    assert score.is_unknown(around_axes(2, 100, 1200, names)).mean() < 0.5


def test_two_classes_are_judged_on_corruptions_alone():
    names = NAMES[:2]
    known = around_axes(1, 100, names=names)
    with_strangers = fit_unknown_score(around_axes(0, 100, names=names), known, {"strange": strangers(2, names=names)})
    assert all(set(each.areas) == {"strange"} for each in with_strangers.candidates)
    without = fit_unknown_score(around_axes(0, 100, names=names), known)
    assert without.method == "mahalanobis"
    assert [each.area for each in without.candidates] == [None] * len(without.candidates)


def test_several_labels_an_image_have_scores_of_their_own():
    known = around_axes(1, 100, multi_label=True)
    score = fit_unknown_score(around_axes(0, 100, multi_label=True), known, {"strange": strangers(2)})
    assert {each.method for each in score.candidates} == {"mahalanobis", "knn", "max_logit", "joint_energy"}
    assert all(set(each.areas) == {"strange"} for each in score.candidates)


def test_without_embeddings_the_logits_are_read():
    training, validation = around_axes(0, 60), around_axes(1, 60)
    bare = PredictionTable(validation.rows, NAMES, validation.probabilities, validation.logits)
    assert fit_unknown_score(training, bare).method in ("msp", "energy")
    with pytest.raises(ValueError, match="needs embeddings, which these predictions do not have"):
        UnknownScore("knn", 0.0, {"bank": np.eye(4)}).scores(bare)
    blind = PredictionTable(validation.rows, NAMES, validation.probabilities)
    assert fit_unknown_score(training, blind) is None
    with pytest.raises(ValueError, match="have no logits"):
        UnknownScore("energy", 0.0).scores(blind)


def test_too_few_images_and_a_share_that_is_none():
    assert fit_unknown_score(around_axes(0, 100), around_axes(1, 19)) is None
    with pytest.raises(ValueError, match=r"is 1\.5; expected a share"):
        fit_unknown_score(around_axes(0, 100), around_axes(1, 50), known=1.5)
    few = fit_unknown_score(around_axes(0, 8), around_axes(1, 40), {"strange": strangers(2, 3)})
    assert few.method in ("msp", "energy")
    assert all(set(each.areas) == {HIDDEN} for each in few.candidates)


def test_a_drawn_table_has_all_classes():
    labels = np.array([0] * 90 + [1] * 7 + [2] * 3)
    found = drawn(table(labels, np.zeros((100, SIZE))), 12)
    assert np.bincount(found.labels).tolist() == [5, 4, 3]


def test_areas_are_joined_by_what_is_missing_to_one():
    assert Candidate("msp", areas={HIDDEN: 0.9, "noise": 0.98, "blur": 1.0}).area == pytest.approx(1 - 0.1**0.5 * 0.1)
    assert Candidate("msp", areas={"noise": 1.0}).area == pytest.approx(0.999)
    assert Candidate("msp").area is None


def test_a_threshold_of_few_scores_lets_all_of_them_pass():
    assert known_threshold(np.array([1.0, 2.0, 3.0]), 0.95) >= 3.0


def close(one, other) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
