import numpy as np
import pytest

from imgcls.data.images.encoded import read_encoded
from imgcls.workflow.benchmark.latency import Loaded, Timings, best_batch, network_alone, one_by_one, rate
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def loaded(small_bundle):
    files = sorted((SAMPLE / "test" / "bag").iterdir())[:4]
    return Loaded(small_bundle, ["tensorflow"], [read_encoded(file) for file in files])


@pytest.mark.thorough
def test_a_turn_adds_a_round(loaded):
    loaded.check("tensorflow")
    for rounds in (1, 2):
        loaded.turn("tensorflow")
        figures = loaded.timings["tensorflow"].to_dict()
        assert figures["rounds"] == rounds
        assert figures["latency_low_ms"] <= figures["latency_ms"] <= figures["latency_p95_ms"]
        assert 0 < figures["network_ms"] < figures["latency_ms"]
        assert figures["network_alone_ms"] > 0


@pytest.mark.thorough
def test_decoding_is_a_part_of_the_latency(loaded):
    whole, network = one_by_one(loaded.bundle("tensorflow"), loaded.images)
    assert len(whole) == len(network) >= 6
    assert all(part < all_of_it for part, all_of_it in zip(network, whole, strict=True))


def test_nothing_is_decoded_between_the_calls_of_the_network_alone(loaded, monkeypatch):
    bundle, decoded = loaded.bundle("tensorflow"), []
    decode = bundle.decode
    monkeypatch.setattr(bundle, "decode", lambda images: decoded.append(images) or decode(images))
    assert len(network_alone(bundle, loaded.images[0])) >= 4
    assert decoded == [loaded.images[:1]]


def test_the_best_batch_is_found_and_a_slow_network_gets_no_large_one(loaded):
    bundle = loaded.bundle("tensorflow")
    assert best_batch(bundle, loaded.images, 0.001) in (1, 2, 4, 8, 16, 32)
    assert best_batch(bundle, loaded.images, 0.5) == 1
    assert rate(bundle, loaded.images, 2, 0.01) > 0


def test_other_answers_than_those_of_tensorflow_are_refused(loaded, monkeypatch):
    bundle = loaded.bundle("tensorflow")
    found = bundle.engine.predict

    class Wrong:
        def predict(self, pixels):
            return {name: np.roll(values, 1, axis=-1) for name, values in found(pixels).items()}

    monkeypatch.setattr(bundle, "engine", Wrong())
    with pytest.raises(ValueError, match="Its probabilities differ by"):
        loaded.check("tensorflow")


def test_medians_are_of_all_calls_and_the_spread_is_that_of_the_rounds():
    timings = Timings([[0.010, 0.012, 0.011], [0.020, 0.021, 0.022]], [[0.005] * 3] * 2, [[0.004] * 4] * 2)
    timings.best_batch, timings.rates = 8, [100.0, 90.0, 110.0]
    assert timings.to_dict() == pytest.approx(
        {
            "latency_ms": 16.0,
            "latency_p95_ms": 21.75,
            "latency_low_ms": 11.0,
            "latency_high_ms": 21.0,
            "network_ms": 5.0,
            "network_alone_ms": 4.0,
            "rounds": 2,
            "calls": 6,
            "images_per_second": 100.0,
            "best_batch": 8,
        }
    )
