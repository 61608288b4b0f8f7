import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from imgcls.training.transfer import logistic_regression
from imgcls.training.transfer.links import Sigmoids
from imgcls.training.transfer.logistic_regression import PENALTIES, Examples, fit_head, predict_left_out
from imgcls.training.transfer.probe import standardization


def examples(rows: int = 90, size: int = 6, apart: float = 1.0, **changes) -> Examples:
    """Three classes, some features in step with each other and of very different size, each image once."""
    generator = np.random.default_rng(0)
    labels = np.arange(rows) % 3
    centres = generator.normal(size=(3, size)) * apart
    mixed = generator.normal(size=(size, size)) @ np.diag(10.0 ** np.linspace(-2, 2, size))
    features = ((generator.normal(size=(rows, size)) + centres[labels]) @ mixed + 5).astype(np.float32)
    found = Examples(
        features,
        labels,
        weights=np.ones(rows),
        plain=np.ones(rows, bool),
        folds=np.arange(rows) // 3 % 5,
        offsets=np.zeros(3),
    )
    return replace(found, **changes)


def peer(some: Examples, penalty: float) -> np.ndarray:
    """Scores of scikit-learn's logistic regression on the same features, but for a number that all classes share."""
    mean, deviation = standardization(some.features)
    x = (some.features - mean) / deviation
    fitted = LogisticRegression(C=1 / (penalty * some.weights.sum()), tol=1e-10, max_iter=100_000)
    scores = fitted.fit(x, some.labels, sample_weight=some.weights).decision_function(x)
    return scores - scores.mean(1, keepdims=True)


@pytest.mark.parametrize(("rows", "size"), [(90, 6), (40, 70)], ids=["many images", "many features"])
def test_the_head_is_the_optimum_that_scikit_learn_finds(rows, size):
    some = examples(rows, size, weights=np.random.default_rng(1).uniform(0.5, 2.0, rows))
    head = fit_head(some)
    scores = some.features @ head.kernel + head.bias
    assert scores - scores.mean(1, keepdims=True) == pytest.approx(peer(some, head.penalty), abs=2e-3)
    assert head.accuracy == (scores.argmax(1) == some.labels).mean()
    assert head.steps < 300


def test_smoothing_and_offsets_are_in_the_loss_that_is_at_its_least():
    offsets = np.log([0.7, 0.2, 0.1])
    some = examples(smoothing=0.1, offsets=offsets)
    head = fit_head(some)
    mean, deviation = standardization(some.features)
    targets = 0.9 * np.eye(3)[some.labels] + 0.1 / 3

    def loss(kernel: np.ndarray, bias: np.ndarray) -> float:
        logs = log_softmax((some.features - mean) / deviation @ kernel + bias + offsets, axis=1)
        return -(targets * logs).sum(1).mean() + head.penalty / 2 * (kernel**2).sum()

    kernel, bias = head.kernel * deviation[:, None], head.bias + mean @ head.kernel
    least, generator = loss(kernel, bias), np.random.default_rng(2)
    for size in (1e-1, 1e-2, 1e-3):
        assert loss(kernel + size * generator.normal(size=kernel.shape), bias) > least
        assert loss(kernel, bias + size * generator.normal(size=3)) > least
    assert head.loss == pytest.approx(least - head.penalty / 2 * (kernel**2).sum())


def test_the_penalty_is_that_which_is_best_on_images_that_were_left_out():
    clear = fit_head(examples(apart=3.0))
    noise = fit_head(examples(apart=0.0, size=40))
    assert clear.penalty < noise.penalty
    assert noise.penalty >= 0.1
    assert clear.left_out_accuracy > 0.9 > 0.6 > noise.left_out_accuracy
    assert noise.tried < len(PENALTIES)


def test_views_of_an_image_are_left_out_with_it():
    """Without that, noise would look as if it could be learned: each image has a view in another fold."""
    one = examples(apart=0.0, size=200)
    twice = {name: np.tile(getattr(one, name), 2) for name in ("labels", "weights", "folds")}
    both = replace(one, features=np.tile(one.features, (2, 1)), plain=np.arange(180) < 90, **twice)
    assert fit_head(both).left_out_accuracy < 0.6
    assert fit_head(replace(both, folds=np.arange(180) % 7)).left_out_accuracy > 0.9
    assert fit_head(both).kernel == pytest.approx(fit_head(one).kernel, abs=1e-5)


def test_rows_in_parts_and_in_float32_give_the_same_head(monkeypatch):
    whole = fit_head(examples())
    monkeypatch.setattr(logistic_regression, "CHUNK", 50)
    monkeypatch.setattr(logistic_regression, "MOST_DOUBLE", 0)
    parts = fit_head(examples())
    assert parts.penalty == whole.penalty
    assert parts.kernel == pytest.approx(whole.kernel, rel=1e-4, abs=1e-6)


def test_images_without_a_fold_are_fitted_on_but_do_not_choose():
    some = examples()
    few = replace(some, folds=np.where(np.arange(90) < 45, some.folds, -1))
    head = fit_head(few)
    assert head.penalty == fit_head(some.take(np.arange(90) < 45)).penalty
    scores = some.features @ head.kernel + head.bias
    assert scores - scores.mean(1, keepdims=True) == pytest.approx(peer(some, head.penalty), abs=2e-3)
    alone = fit_head(replace(some, folds=np.zeros(90, int)))
    assert alone.left_out_accuracy is None
    assert alone.accuracy > 0.5


def test_a_fit_can_be_ended_at_any_step():
    class Enough(Exception):
        pass

    told = []

    def on_step(what: str) -> None:
        told.append(what)
        if len(told) == 5:
            raise Enough

    with pytest.raises(Enough):
        fit_head(examples(), on_step)
    assert "penalty 1 of" in told[0]


def several(rows: int = 90, **changes) -> Examples:
    """The same features, and labels of which an image has any number: classes that are easy, hard, and no more than
    chance."""
    some = examples(rows)
    noise = np.random.default_rng(2).normal(size=rows)
    columns = [some.labels == 0, some.features[:, 5] / some.features[:, 5].std() + 2 * noise > 1, noise > 0.5]
    return replace(some, labels=np.stack(columns, axis=1), link=Sigmoids(), **changes)


def test_several_labels_are_the_binary_optima_that_scikit_learn_finds():
    some = several()
    head = fit_head(some)
    mean, deviation = standardization(some.features)
    x = (some.features - mean) / deviation
    for place, penalty in enumerate(head.penalties):
        peer_of_class = LogisticRegression(C=1 / (penalty * len(x)), tol=1e-10, max_iter=100_000)
        theirs = peer_of_class.fit(x, some.labels[:, place]).decision_function(x)
        ours = some.features @ head.kernel[:, place] + head.bias[place]
        assert ours == pytest.approx(theirs, abs=3e-3)


def test_each_of_several_labels_has_its_own_penalty():
    head = fit_head(several(200))
    assert head.penalty == np.median(head.penalties)
    assert max(head.penalties) > min(head.penalties)
    assert head.left_out_loss < 0.7
    assert json.dumps(head.penalties)


def test_positives_weigh_in_several_labels_and_a_class_that_all_have_does_no_harm():
    some = several()
    labels = some.labels.copy()
    labels[:, 2] = True
    weighted = fit_head(replace(some, labels=labels, link=Sigmoids(np.array([5.0, 1.0, 1.0]))))
    plain = fit_head(replace(some, labels=labels))
    scores = [some.features @ head.kernel + head.bias for head in (weighted, plain)]
    assert scores[0][:, 0].mean() > scores[1][:, 0].mean()
    assert np.isfinite(scores[0]).all()
    assert (scores[0][:, 2] > 5).all()


def test_an_image_is_predicted_by_a_head_that_has_not_seen_it():
    some = examples()
    others = some.features[:4] + 0.1
    found = predict_left_out(some, others, np.arange(90))
    mean, deviation = standardization(some.features)
    x = (some.features - mean) / deviation
    for fold in range(5):
        left_out = some.folds == fold
        reference = LogisticRegression(C=1 / (found.penalty * (~left_out).sum()), tol=1e-8, max_iter=10_000)
        expected = reference.fit(x[~left_out], some.labels[~left_out]).predict_proba(x[left_out])
        np.testing.assert_allclose(found.probabilities[left_out], expected, atol=1e-2)
    assert found.others.shape == (4, 3)
    np.testing.assert_allclose(found.others.sum(1), 1)


def test_few_images_with_many_features_are_named_as_well_as_by_the_heads_that_were_compared():
    """The loss of the weakest penalty is flat: heads that end early there name images that they have not seen badly."""
    generator, labels = np.random.default_rng(0), np.arange(60) % 3
    centres = generator.normal(size=(3, 1000)) / 2
    features = np.maximum(0, generator.normal(size=(60, 1000)) + centres[labels]).astype(np.float32)
    some = replace(examples(60), features=features)
    found = predict_left_out(some, features[:0], np.arange(60))
    assert found.penalty == PENALTIES[-1]
    assert found.accuracy == 1.0


def test_further_images_are_seen_by_no_head():
    some = examples()
    one = predict_left_out(some, some.features[:0], np.arange(90))
    other = predict_left_out(some, some.features[:5] * 9, np.arange(90))
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-2)
    assert len(one.others) == 0


def test_several_labels_of_an_image_are_predicted_by_heads_that_have_not_seen_them():
    some = several()
    judging = np.flatnonzero(some.folds > 0)
    labels = np.where(some.folds[:, None] == 0, ~some.labels, some.labels)
    one = predict_left_out(some, some.features[:2], judging)
    other = predict_left_out(replace(some, labels=labels), some.features[:2], judging)
    left_out = some.folds == 0
    np.testing.assert_allclose(one.probabilities[left_out], other.probabilities[left_out], atol=1e-2)
    assert np.abs(one.probabilities[~left_out] - other.probabilities[~left_out]).max() > 0.1
    assert one.probabilities.sum(1).max() > 1.1
    assert one.accuracy == ((one.probabilities >= 0.5) == some.labels).all(1).mean()
    assert one.others.shape == (2, 3)
