import json
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.engines.engine import FEATURES
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.models import build_model, load_model
from imgcls.training.run import train_network
from imgcls.training.transfer import features
from imgcls.training.transfer.backend import LARGEST_DIFFERENCE
from imgcls.training.transfer.features import FeatureCache, ImageSet, Views, depth_features
from imgcls.training.transfer.plan import decide
from imgcls.training.transfer.probe import Probe, probe
from imgcls.training.transfer.stages import Stage, backbone_blocks, stages, unfreeze, update_scales
from imgcls.workflow.create import create_run
from tests.conftest import SAMPLE


def probes(embedding: float, every: float) -> list[Probe]:
    return [Probe("stage1", 0.3, 0.01, 1.0), Probe("embedding", embedding, 0.01, 1.0), Probe("all", every, 0.01, 1.0)]


@pytest.mark.parametrize(
    ("embedding", "every", "images", "plan"),
    [(0.9, 0.9, 200, "head"), (0.9, 0.95, 200, "features"), (0.9, 0.9, 2000, "last_blocks"),
     (0.9, 0.95, 2000, "all"), (0.999, 0.999, 2000, "head")],
)  # fmt: skip
def test_the_four_cases(embedding, every, images, plan):
    choice = decide(probes(embedding, every), images, classes=4)
    assert choice.plan == plan
    assert f"{100 * embedding:.1f} %" in choice.reasons[0]


def test_a_probe_judges_each_image_by_a_classifier_without_it():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 60)
    features = generator.normal(size=(60, 8)) + 1.2 * np.eye(8)[labels]
    found = probe("x", features, labels)
    x = (features - features.mean(0)) / features.std(0)
    right = 0
    for out in range(60):
        kept = np.arange(60) != out
        mean, targets = x[kept].mean(0), np.eye(3)[labels[kept]]
        a, b = x[kept] - mean, targets - targets.mean(0)
        weights = np.linalg.solve(a.T @ a + found.penalty * 60 * np.eye(8), a.T @ b)
        right += ((x[out] - mean) @ weights + targets.mean(0)).argmax() == labels[out]
    assert found.score == pytest.approx(right / 60, abs=1 / 60)
    wide = probe("x", np.hstack([features, generator.normal(size=(60, 100))]), labels)
    assert 0.3 < wide.score < found.score + 0.1


def test_a_probe_of_several_labels_is_an_average_precision_with_its_error():
    generator = np.random.default_rng(0)
    labels = generator.random((80, 3)) < 0.4
    features = generator.normal(size=(80, 8)) + 2 * np.pad(labels, ((0, 0), (0, 5)))
    found, noise = probe("x", features, labels), probe("x", generator.normal(size=(80, 8)), labels)
    assert noise.score < 0.65 < 0.75 < found.score < 1.0
    assert 0.001 < found.error < 0.1
    reasons = decide([found.__class__("embedding", 0.9, 0.01, 1.0, found.metric), found], 200, classes=3).reasons
    assert "has a macro average precision of 90.0 % (± 1.0) on images" in reasons[0]


def test_stages_follow_each_other_without_a_gap():
    for plan in ("head", "features", "last_blocks", "all", "scratch"):
        for epochs in (1, 2, 3, 30):
            found = stages(plan, epochs, total_blocks=12)
            assert [stage.first_epoch for stage in found] == [0, *[stage.last_epoch for stage in found[:-1]]]
            assert found[-1].last_epoch == epochs
    assert [(stage.name, stage.blocks) for stage in stages("all", 10, 12)] == [
        ("head", 0),
        ("last_blocks", 4),
        ("all", 12),
    ]
    assert stages("last_blocks", 10, 12, unfreeze=2)[1].blocks == 2


def test_rates_fall_with_depth_and_statistics_stay_where_the_batch_is_small():
    model = build_model("resnet20", (16, 16, 1), num_classes=3)
    body, stage = backbone_blocks(model), Stage("all", 0, 1, 3)
    unfreeze(model, body, stage, keep_statistics=True)
    assert not any(layer.trainable for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    scales = {weight.path: scale for weight, scale in update_scales(model, body, stage, 0.1, 0.5)}
    assert scales["logits/kernel"] == scales["stage3_block3_1_conv/kernel"] == 0.1
    assert scales["stage3_block2_1_conv/kernel"] == 0.05
    assert scales["stage3_block1_1_conv/kernel"] == 0.025
    assert not any(path.startswith("stage2") for path in scales)


@pytest.mark.thorough
def test_features_are_computed_once(tmp_path, tiny_net, monkeypatch):
    paths = sorted((SAMPLE / "test" / "bag").iterdir())[:6]
    images = ImageSet(paths, [path.name * 4 for path in paths])
    monkeypatch.setattr(features, "fastest_engine", lambda model: (TensorFlowEngine({FEATURES: model}), ""))
    model = build_model(str(tiny_net), (28, 28, 1), num_classes=3)
    body, places = depth_features(model)
    assert list(places)[-1] == "embedding"
    assert places["embedding"].stop == body.output_shape[-1]

    def cache(**facts):
        return FeatureCache(tmp_path, body, Preprocessing(28, 28, 1), facts=facts)

    first = cache().features(images.take(range(4)))
    expected = keras.Model(model.input, model.get_layer("embedding").output)
    pixels = np.stack([preprocess(tf.constant(path.read_bytes()), Preprocessing(28, 28, 1)) for path in paths])
    expected = expected.predict(pixels[:4], verbose=0)
    difference = 1e-5 * max(1.0, float(np.abs(first).max()))  # rounding in other sizes of batches
    assert first[:, places["embedding"]] == pytest.approx(expected, abs=difference)
    computed = []
    real = FeatureCache._computed
    monkeypatch.setattr(
        FeatureCache, "_computed", lambda self, some, view: computed.append(len(some.paths)) or real(self, some, view)
    )
    again = cache().features(images)
    assert computed == [2]
    assert np.array_equal(again[:4], first)
    cache(model="another").features(images)
    model.get_layer("stage1_conv").kernel.assign(np.zeros((3, 3, 1, 4)))
    cache().features(images)
    assert computed == [2, 6, 6]


@pytest.mark.thorough
def test_a_view_of_an_image_does_not_depend_on_which_others_are_known(tmp_path, tiny_net):
    paths = sorted((SAMPLE / "test" / "bag").iterdir())[:6]
    images = ImageSet(paths, [path.name * 4 for path in paths])
    body, _ = depth_features(build_model(str(tiny_net), (28, 28, 1), num_classes=3))
    row = from_preset("light")

    def cache(folder: str) -> FeatureCache:
        views = Views(Augmentation(row), repr(row))
        return FeatureCache(tmp_path / folder, body, Preprocessing(28, 28, 1), {}, views=views)

    at_once, in_parts = cache("at once"), cache("in parts")
    whole = at_once.features(images, view=1)
    in_parts.features(images.take([4, 1]), view=1)
    difference = 2 * LARGEST_DIFFERENCE * float(np.abs(whole).max())
    assert in_parts.features(images, view=1) == pytest.approx(whole, abs=difference)
    assert np.abs(at_once.features(images, view=2) - whole).max() > 10 * difference


@pytest.mark.slow
def test_features_that_were_not_used_for_longest_make_room(tmp_path):
    paths = sorted((SAMPLE / "test" / "bag").iterdir())[:2]
    body, _ = depth_features(build_model("resnet20", (28, 28, 1), num_classes=3))

    def compute(model: str, most_bytes: int) -> None:
        cache = FeatureCache(tmp_path, body, Preprocessing(28, 28, 1), facts={"model": model}, most_bytes=most_bytes)
        assert np.isfinite(cache.features(ImageSet(paths, ["a" * 64, "b" * 64]))).all()

    def kept() -> set:
        return set(tmp_path.glob("*/*/*.npz"))

    compute("first", 10**9)
    (first,) = kept()
    compute("second", 10**9)
    (second,) = kept() - {first}
    for file, used in ((first, 1), (second, 2)):
        os.utime(file, (used, used))
    compute("first", 10**9)  # used again, and so the later one
    compute("third", round(2.5 * first.stat().st_size))
    assert len(kept()) == 2
    assert first in kept()
    assert second not in kept()
    compute("fourth", 0)
    assert not kept()


def test_an_image_that_cannot_be_read_has_no_features_and_is_tried_again(tmp_path, tiny_net):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    body, _ = depth_features(build_model(str(tiny_net), (28, 28, 1), num_classes=3))
    images = ImageSet([broken, next((SAMPLE / "test" / "bag").iterdir())], ["a" * 64, "b" * 64])
    cache = FeatureCache(tmp_path / "cache", body, Preprocessing(28, 28, 1), facts={})
    assert np.isnan(cache.features(images)).all(axis=1).tolist() == [True, False]


def weights(run) -> list[np.ndarray]:
    return load_model(run.model_file).get_weights()


@pytest.mark.slow
def test_a_run_in_stages_that_stops_goes_on_to_the_same_weights(tiny_config, earlier):
    settings = {"weights": earlier, "plan": "all", "epochs": 4, "feature_views": 2, "steps_per_call": 1}
    unbroken, manifest = create_run(tiny_config(name="unbroken", **settings))
    assert train_network(unbroken, manifest)
    broken, manifest = create_run(tiny_config(name="broken", **settings))
    for stop_after in (2, 6, 7):
        steps = []

        def interrupt(batch, logs, steps=steps, stop_after=stop_after):
            steps.append(batch)
            if len(steps) == stop_after:
                os.kill(os.getpid(), signal.SIGTERM)

        assert not train_network(
            broken, manifest, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)]
        )
    assert train_network(broken, manifest)
    for a, b in zip(weights(unbroken), weights(broken), strict=True):
        assert np.array_equal(a, b)
    assert [row["loss"] for row in broken.metrics()] == [row["loss"] for row in unbroken.metrics()]


@pytest.mark.thorough
def test_the_head_changes_nothing_else_and_its_checkpoints_are_small(tiny_config, earlier):
    run, manifest = create_run(tiny_config(name="head", weights=earlier, plan="head", feature_views=1))
    assert train_network(run, manifest)
    before = load_model(earlier)
    after = load_model(run.model_file)
    for layer in before.layers:
        pairs = zip(layer.get_weights(), after.get_layer(layer.name).get_weights(), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs) == (layer.name != "logits")
    sizes = {path.name: (path / "arrays.npz").stat().st_size for path in run.checkpoints.iterdir()}
    assert sizes["best"] < sizes["fixed"]


@pytest.mark.thorough
def test_auto_says_why_and_keeps_it_for_the_report(tiny_config, earlier, caplog):
    caplog.set_level("INFO", "imgcls")
    run, _ = create_run(tiny_config(name="auto", weights=earlier, plan="auto"))
    said = caplog.text
    assert f"--plan {run.config.network.plan}: a linear classifier on the last features gets" in said
    stored = json.loads(run.plan_file.read_text())
    assert stored["plan"] == run.config.network.plan
    assert {p["name"] for p in stored["probes"]} >= {"embedding", "all depths"}
