"""Images of any number of classes, from the labels to a bundle: what holds for one class an image holds for them."""

from dataclasses import replace

import numpy as np
import pytest

from imgcls.config import AugmentationConfig, TrainConfig
from imgcls.data.manifest.table import Manifest, targets_of
from imgcls.models import load_model
from imgcls.training.run import train_network
from imgcls.workflow.create import create_run
from imgcls.workflow.evaluate import evaluate_run
from imgcls.workflow.export import export_run
from imgcls.workflow.predictor import load_predictor


class Killed(BaseException):
    """Ends a run at once, as a kill does: nothing is written after it."""


@pytest.fixture
def config(tiny_config, collages):
    def make(name: str, data_format: str = "channels_last", **settings) -> TrainConfig:
        made = tiny_config(name=name, **settings)
        network = replace(made.network, data_format=data_format)
        return replace(made, input=replace(made.input, data=str(collages)), network=network)

    return make


@pytest.mark.parametrize(
    ("strategy", "data_format"),
    [
        pytest.param("one_device", "channels_last", marks=pytest.mark.slow),
        pytest.param("mirrored", "channels_first", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_killed_ends_as_an_unbroken_one(config, strategy, data_format):
    made = config("unbroken", data_format, strategy=strategy, label_smoothing=0.1, loss="focal")
    made = replace(made, augmentation=AugmentationConfig(mixup=0.4, cutmix=1.0))
    unbroken, manifest = create_run(made)
    assert train_network(unbroken, manifest)
    broken, manifest = create_run(replace(made, name="broken"))

    def die(row: dict) -> None:
        if row["epoch"] == 2:
            raise Killed

    with pytest.raises(Killed):
        train_network(broken, manifest, on_epoch=die)
    assert train_network(broken, manifest)
    assert [row["loss"] for row in broken.metrics()] == [row["loss"] for row in unbroken.metrics()]
    for a, b in zip(load_model(unbroken.model_file).weights, load_model(broken.model_file).weights, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.slow
def test_a_head_is_fitted_judged_and_exported(config, collages, tmp_path, caplog):
    caplog.set_level("INFO", "imgcls")
    run, manifest = create_run(config("earlier", epochs=3))
    assert "--task multi_label: of 80 images" in caplog.text
    assert run.config.input.task == "multi_label"
    assert run.best_metric.name == "macro_average_precision"
    assert train_network(run, manifest)
    run, manifest = create_run(config("head", weights=str(run.model_file), plan="head"))
    assert train_network(run, manifest)
    assert "optimum of a logistic regression of each class" in caplog.text
    (row,) = run.metrics()
    assert row["val_macro_average_precision"] > 0.5

    evaluation = evaluate_run(run)
    test = manifest.split("test")
    paths = manifest.paths(test)
    ours = load_predictor(run.path).predict_files(paths).probabilities
    targets = targets_of(test, manifest.class_names)
    assert evaluation.metrics["accuracy"] == ((ours >= 0.5) == targets).all(axis=1).mean()
    assert (np.abs(ours.sum(axis=1) - 1) > 1e-3).any()
    bundle = export_run(run, tmp_path / "saved_models", "tags")
    assert np.allclose(load_predictor(bundle.parent).predict_files(paths).probabilities, ours, atol=1e-4)


def test_what_cannot_be_is_refused_in_a_sentence(config):
    made = config("refused")
    with pytest.raises(ValueError, match=r"Some images have several classes.*--boxes crop"):
        create_run(replace(made, input=replace(made.input, task="single_label")))
    with pytest.raises(ValueError, match="--balance batch needs one class an image"):
        create_run(replace(made, balance=replace(made.balance, balance="batch")))


def test_one_class_and_the_images_without_it_are_a_task(config, collages, tmp_path):
    manifest = Manifest.load(collages)
    table = manifest.table.assign(labels=[[name for name in names if name == "bag"] for names in manifest.table.labels])
    table["label"] = ["bag" if names else "" for names in table["labels"]]
    Manifest(table, manifest.root).save(tmp_path / "bags.parquet")
    made = config("bags", epochs=1)
    given = replace(made.input, data=str(tmp_path / "bags.parquet"), task="multi_label")
    run, manifest = create_run(replace(made, input=given))
    assert train_network(run, manifest)
    assert load_model(run.model_file).get_layer("probabilities").activation == "sigmoid"
    assert evaluate_run(run).images == 16
