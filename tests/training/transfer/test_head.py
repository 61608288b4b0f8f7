import os
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from imgcls.config import NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.batches.balance import Balance
from imgcls.data.manifest.table import Manifest
from imgcls.models import build_model, load_model
from imgcls.training.checkpoints import load_checkpoint
from imgcls.training.run import train_network
from imgcls.training.transfer.features import depth_features
from imgcls.training.transfer.head import head_examples, head_folds, kernel_and_bias, why_not_fitted
from imgcls.training.transfer.head_layers import head_part, with_all_depths
from imgcls.training.transfer.logistic_regression import Head
from imgcls.workflow.create import create_run


def manifest_of(labels: list[str], groups: list[str]) -> Manifest:
    rows = pd.DataFrame({"image": [f"{n}.png" for n in range(len(labels))], "label": labels, "group": groups})
    manifest = Manifest.from_records(rows, "/nowhere")
    return Manifest(manifest.table.assign(split="train"), manifest.root)


def test_folds_divide_each_class_alike_and_keep_groups_together():
    labels = ["cat"] * 40 + ["dog"] * 20
    groups = [f"group {n // 2}" for n in range(60)]
    folds = head_folds(manifest_of(labels, groups), seed=0)
    assert set(folds) == {0, 1, 2, 3, 4}
    assert np.array_equal(folds[::2], folds[1::2])
    assert np.bincount(folds[:40]).tolist() == [8] * 5
    assert np.bincount(folds[40:]).tolist() == [4] * 5
    assert np.array_equal(folds, head_folds(manifest_of(labels, groups), seed=0))


def test_a_class_of_one_group_leaves_nothing_out_and_many_images_are_not_all_asked():
    one = head_folds(manifest_of(["cat"] * 10 + ["dog"] * 4, [""] * 10 + ["litter"] * 4), seed=0)
    assert set(one) == {0}
    many = head_folds(manifest_of(["cat", "dog"] * 1500, [""] * 3000), seed=0)
    assert set(many) == {-1, 0, 1, 2}
    assert (many >= 0).sum() == 2000


def test_an_image_that_cannot_be_read_is_no_example_and_classes_weigh_as_the_balance_says():
    views = [np.ones((4, 3), np.float32), np.zeros((4, 3), np.float32)]
    views[1][2] = np.nan
    labels, folds = np.array([0, 0, 0, 1]), np.array([0, 1, 0, 1])
    for mode, weight in (("none", 1.0), ("weights", 3.0), ("batch", 3.0), ("logits", 1.0)):
        balance = Balance(mode, np.array([3, 1]))
        found = head_examples(views, labels, folds, balance, smoothing=0.1)
        assert found.plain.tolist() == [True] * 4 + [False] * 3
        assert found.labels.tolist() == [0, 0, 0, 1, 0, 0, 1]
        assert found.folds.tolist() == [0, 1, 0, 1, 0, 1, 1]
        assert found.weights[3] / found.weights[0] == pytest.approx(weight)
        assert found.offsets == pytest.approx(np.log([0.75, 0.25]) if mode == "logits" else [0, 0])


def test_a_head_on_all_depths_is_folded_through_their_standardisation():
    generator = np.random.default_rng(0)
    model = build_model("resnet20", (16, 16, 1), num_classes=3)
    size = depth_features(model)[0].output_shape[-1]
    model = with_all_depths(model, generator.normal(size=size), generator.uniform(0.1, 4.0, size))
    head = Head(generator.normal(size=(size, 3)), np.array([1.0, 2.0, 3.0]), 1.0, 1, None, None, 0.0, 1.0, 1)
    model.get_layer("logits").set_weights(kernel_and_bias(model, head))
    features = generator.normal(size=(5, size)).astype(np.float32)
    expected = features @ head.kernel + head.bias
    assert head_part(model).predict_on_batch(features) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({}, ""), ({"loss": "focal"}, "--loss focal"), ({"label_smoothing": 0.1}, "")],
)
def test_what_is_no_logistic_regression_is_named(changes, reason):
    assert why_not_fitted(TrainConfig(training=TrainingConfig(**changes))) == reason
    assert why_not_fitted(TrainConfig(network=NetworkConfig(regularizer="l1"))) == "--regularizer l1"
    assert why_not_fitted(TrainConfig(network=NetworkConfig(plan="head", dropout=0.5))) == "--dropout 0.5"
    assert why_not_fitted(TrainConfig(network=NetworkConfig(plan="all", dropout=0.5))) == ""


@pytest.mark.thorough
def test_a_head_takes_no_epochs_and_is_told(tiny_config, earlier, caplog):
    run, manifest = create_run(tiny_config(name="head", weights=earlier, plan="head", feature_views=2))
    caplog.set_level("INFO", "imgcls")
    told = []
    assert train_network(run, manifest, on_step=told.append, on_epoch=told.append)
    assert "The head is the optimum of a logistic regression on 2 views of the images" in caplog.text
    (row,) = run.metrics()
    assert row["epoch"] == 0
    assert {"loss", "accuracy", "penalty", "val_loss", "val_accuracy", "seconds"} <= set(row)
    assert any("Computing features" in fact.get("doing", "") for fact in told)
    assert any("Fitting the head with penalty 1 of" in fact.get("doing", "") for fact in told)
    kept = load_checkpoint(run.checkpoints / "best")
    assert kept.state["epoch"] == 0
    assert kept.state["val_accuracy"] == row["val_accuracy"]


@pytest.mark.slow
def test_fine_tuning_that_does_harm_leaves_the_head(tiny_config, earlier, caplog):
    run, manifest = create_run(tiny_config(name="wild", weights=earlier, plan="all", learning_rate=10.0))
    caplog.set_level("INFO", "imgcls")
    assert train_network(run, manifest)
    assert "No epoch did better on validation than the head alone, which is kept." in caplog.messages
    rows = run.metrics()
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert rows[2]["val_accuracy"] <= rows[0]["val_accuracy"]
    assert load_checkpoint(run.checkpoints / "best").state["epoch"] == 0
    body = [layer.name for layer in load_model(earlier).layers if layer.weights and layer.name != "logits"]
    for name in body:
        pairs = zip(
            *(load_model(file).get_layer(name).get_weights() for file in (earlier, run.model_file)), strict=True
        )
        assert all(np.array_equal(a, b) for a, b in pairs)


class Killed(BaseException):
    """Ends a run at once, as a kill does: nothing is written after it."""


@pytest.mark.slow
def test_a_run_that_dies_while_or_after_its_head_is_fitted_ends_as_an_unbroken_one(tiny_config, earlier):
    unbroken, manifest = create_run(tiny_config(name="unbroken", weights=earlier, plan="features", feature_views=2))
    assert train_network(unbroken, manifest)
    broken, manifest = create_run(tiny_config(name="broken", weights=earlier, plan="features", feature_views=2))

    def die(facts: dict) -> None:
        if facts.get("epoch") == 0 or "on all images" in facts.get("doing", ""):
            raise Killed

    for listener in ("on_step", "on_epoch"):
        with pytest.raises(Killed):
            train_network(broken, manifest, **{listener: die})
        assert not broken.model_file.exists()

    def stop(facts: dict) -> None:
        if "penalty 2 of" in facts.get("doing", ""):
            os.kill(os.getpid(), signal.SIGTERM)

    assert not train_network(broken, manifest, on_step=stop)
    assert train_network(broken, manifest)
    assert [row["epoch"] for row in broken.metrics()] == [0]
    for a, b in zip(load_model(unbroken.model_file).weights, load_model(broken.model_file).weights, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.thorough
def test_a_head_with_another_loss_is_trained_by_steps(tiny_config, earlier, caplog):
    config = tiny_config(name="focal", weights=earlier, plan="head", loss="focal", feature_views=1)
    run, manifest = create_run(config)
    caplog.set_level("INFO", "imgcls")
    assert train_network(run, manifest)
    assert [row["epoch"] for row in run.metrics()] == [1, 2]
    assert "not fitted to its optimum at once, because of --loss focal" in caplog.text


@pytest.mark.slow
def test_all_devices_together_get_the_head_of_one(tiny_config, earlier):
    heads = []
    for strategy in ("one_device", "mirrored"):
        config = tiny_config(name=strategy, weights=earlier, plan="last_blocks", epochs=1)
        config = replace(config, training=replace(config.training, strategy=strategy))
        run, manifest = create_run(config)
        assert train_network(run, manifest)
        heads.append({name: run.metrics()[0][name] for name in ("loss", "penalty", "val_accuracy")})
        heads[-1]["val_loss"] = pytest.approx(run.metrics()[0]["val_loss"], rel=1e-5)
    assert heads[0] == heads[1]
