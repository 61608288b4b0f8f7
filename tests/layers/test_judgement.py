import keras
import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from imgcls.layers import Judgement
from imgcls.layers.judgement import UNKNOWN_ARRAYS

K, D, BATCH = 5, 6, 200
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(scale=2.0, size=(BATCH, K)).astype("float32")
PROBABILITIES = softmax(LOGITS / 1.5, axis=1)
EMBEDDING = RANDOM.normal(size=(BATCH, D)).astype("float32")


def answers(layer: Judgement) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in layer([PROBABILITIES, LOGITS, EMBEDDING]).items()}


def filled(arguments: dict, **numbers) -> Judgement:
    layer = Judgement(K, **arguments)
    layer.assign({name: np.asarray(values) for name, values in numbers.items()})
    return layer


def test_a_new_judgement_answers_every_image_with_its_likeliest_class():
    found = answers(Judgement(K))
    assert np.array_equal(found["decision"], PROBABILITIES.argmax(axis=1))
    assert found["prediction_set"].all()
    assert not found["unknown_score"].any()


def test_decisions_follow_the_threshold_of_the_likeliest_class_and_strangeness_comes_first():
    thresholds = np.array([0.0, 0.6, 1.0, 0.5, 0.7])
    layer = filled({"unknown_method": "energy"}, thresholds=thresholds, unknown_threshold=-2.0)
    found = answers(layer)
    best = PROBABILITIES.argmax(axis=1)
    expected = np.where(PROBABILITIES.max(axis=1) >= thresholds[best], best, K)
    expected[-logsumexp(LOGITS, axis=1) > -2.0] = K + 1
    assert np.array_equal(found["decision"], expected)
    assert set(expected) >= {0, 1, 3, 4, K, K + 1}


def with_the_likeliest(found: np.ndarray) -> np.ndarray:
    empty = ~found.any(axis=1)
    found[empty, PROBABILITIES[empty].argmax(axis=1)] = True
    return found


@pytest.mark.parametrize("method", ["lac", "class_conditional"])
def test_a_class_belongs_to_the_set_by_its_own_probability(method):
    quantiles = np.linspace(0.3, 0.9, K)
    found = answers(filled({"set_method": method}, quantiles=quantiles))
    assert not (quantiles >= 1.0 - PROBABILITIES).any(axis=1).all()
    assert np.array_equal(found["prediction_set"], with_the_likeliest(quantiles >= 1.0 - PROBABILITIES))


@pytest.mark.parametrize(("method", "penalty"), [("aps", 0.0), ("raps", 0.05)])
def test_a_class_belongs_to_the_set_by_the_sum_of_the_likelier_ones(method, penalty):
    arguments = {"set_method": method, "penalty": penalty, "free_classes": 2}
    order = np.argsort(-PROBABILITIES, axis=1, kind="stable")
    falling = np.take_along_axis(PROBABILITIES, order, axis=1)
    sums = np.cumsum(falling, axis=1) - falling + penalty * np.array([0, 0, 1, 2, 3])
    scores = np.empty_like(sums)
    np.put_along_axis(scores, order, sums, axis=1)
    for quantile in (0.8, -0.1):
        found = answers(filled(arguments, quantiles=np.full(K, quantile)))
        assert np.array_equal(found["prediction_set"], with_the_likeliest(scores <= quantile))


def test_of_several_labels_those_that_reach_their_thresholds():
    thresholds = np.array([0.2, 0.9, 0.3, 0.6, 0.5])
    arguments = {"set_method": "multi_label"}
    found = answers(filled(arguments, thresholds=thresholds, quantiles=1 - thresholds))
    enough = thresholds <= PROBABILITIES
    expected = np.where(enough.any(axis=1), np.where(enough, PROBABILITIES, -1).argmax(axis=1), K)
    assert np.array_equal(found["prediction_set"], enough)
    assert np.array_equal(found["decision"], expected)
    assert (expected != PROBABILITIES.argmax(axis=1))[expected < K].any()
    assert K in expected


def arrays_of(method: str) -> dict[str, np.ndarray]:
    """A Gaussian that keeps 3 of 6 directions, and 20 embeddings."""
    unit = EMBEDDING[:20] / np.linalg.norm(EMBEDDING[:20], axis=1, keepdims=True)
    every = {
        "mean": np.full(D, 0.1),
        "components": np.linalg.qr(RANDOM.normal(size=(D, 3)))[0].T,
        "variances": np.array([4.0, 2.0, 1.0]),
        "residual_variance": np.array(0.5),
        "class_means": RANDOM.normal(size=(K, 3)),
        "bank": unit,
    }
    return {name: every[name].astype("float32") for name in UNKNOWN_ARRAYS[method]}


def with_score(method: str) -> Judgement:
    arrays = arrays_of(method)
    shapes = {name: values.shape for name, values in arrays.items()}
    layer = Judgement(K, unknown_method=method, unknown_shapes=shapes, neighbors=3)
    layer.assign({f"unknown_{name}": values for name, values in arrays.items()})
    return layer


def test_scores_of_logits():
    likeliest = softmax(LOGITS, axis=1).max(axis=1)
    close(answers(with_score("msp"))["unknown_score"], np.log((1 - likeliest) / likeliest))
    close(answers(with_score("energy"))["unknown_score"], -logsumexp(LOGITS, axis=1))
    close(answers(with_score("max_logit"))["unknown_score"], -LOGITS.max(axis=1))
    close(answers(with_score("joint_energy"))["unknown_score"], -np.logaddexp(0, LOGITS).sum(axis=1))


def test_the_score_of_a_very_sure_answer_does_not_round_to_that_of_a_surer_one():
    logits = np.array([[40.0, 0.0], [60.0, 0.0]], "float32")
    scores = np.asarray(Judgement(2, unknown_method="msp").strangeness(logits, logits))
    close(scores, [-40.0, -60.0])


def test_mahalanobis_distance_is_that_of_the_covariance():
    layer = with_score("mahalanobis")
    arrays = {name.removeprefix("unknown_"): values.astype(float) for name, values in layer.numbers().items()}
    basis = arrays["components"]
    covariance = basis.T @ np.diag(arrays["variances"]) @ basis + 0.5 * (np.eye(D) - basis.T @ basis)
    means = arrays["mean"] + (arrays["class_means"] * np.sqrt(arrays["variances"])) @ basis
    away = EMBEDDING[:, None, :] - means
    expected = np.einsum("bkd,de,bke->bk", away, np.linalg.inv(covariance), away).min(axis=1)
    close(answers(layer)["unknown_score"], expected, 1e-4)


def test_the_distance_to_the_third_nearest_embedding():
    unit = EMBEDDING / np.linalg.norm(EMBEDDING, axis=1, keepdims=True)
    expected = np.sort(1 - unit @ unit[:20].T, axis=1)[:, 2]
    close(answers(with_score("knn"))["unknown_score"], expected)


@pytest.mark.parametrize("method", ["", *UNKNOWN_ARRAYS])
def test_numbers_config_and_file_make_an_equal_layer(method, tmp_path):
    layer = with_score(method) if method else Judgement(K)
    layer.assign({"thresholds": RANDOM.uniform(size=K), "unknown_threshold": np.array(0.1)})
    layer.facts["coverage"] = 0.9
    again = Judgement.from_config(layer.get_config())
    assert again.facts == {"coverage": 0.9}
    again.assign(layer.numbers())
    inputs = [keras.Input((K,)), keras.Input((K,)), keras.Input((D,))]
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = answers(layer)
    for name, value in answers(again).items():
        assert np.array_equal(value, expected[name])
        assert np.array_equal(loaded([PROBABILITIES, LOGITS, EMBEDDING])[name], expected[name])
    assert layer.trainable_weights == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Judgement(K, "best"), "set_method is 'best'; expected one of lac"),
        (lambda: Judgement(K, unknown_method="odin"), "unknown_method is 'odin'; expected one of msp"),
        (lambda: Judgement(K, unknown_method="knn"), "unknown_shapes has none; 'knn' needs bank"),
        (lambda: Judgement(K).assign({"bank": np.zeros(3)}), r"bank has shape \(3,\); expected thresholds \(5,\)"),
        (lambda: Judgement(K).assign({"thresholds": np.zeros(3)}), r"thresholds has shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def close(one, other, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
