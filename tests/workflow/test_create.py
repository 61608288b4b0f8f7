"""A run on patches: from boxes to a judged model. What else a run begins with has tests beside the parts."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from imgcls.config import (
    InputConfig,
    JudgementConfig,
    LabelsConfig,
    NetworkConfig,
    PatchesConfig,
    TrainConfig,
    TrainingConfig,
)
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.importing import import_manifest
from imgcls.models import build_model, load_model
from imgcls.training.run import train_network
from imgcls.workflow.create import create_run
from imgcls.workflow.train import train_run
from tests.data.patches.canvases import write_canvases
from tests.training.conftest import TINY


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """A manifest of boxes, as import_labels writes it."""
    folder = tmp_path_factory.mktemp("objects")
    file = write_canvases(folder / "canvases", ("bag", "trouser"), 24)
    import_manifest(file, LabelsConfig(boxes="crop")).manifest.save(folder / "objects.parquet")
    return folder / "objects.parquet"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weights that a run can start from, of a network that is built in a second."""
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "tiny.py").write_text(TINY.format(name="tiny_patches_net"))
    build_model(str(folder / "tiny.py"), (28, 28, 1), num_classes=3).save(folder / "earlier.keras")
    return folder / "earlier.keras"


@pytest.fixture
def patches_config(objects, weights, tmp_path):
    """Makes configs of runs on patches that take seconds."""

    def make(name: str, **patches) -> TrainConfig:
        return TrainConfig(
            input=InputConfig(data=str(objects), image_size=28, color="grayscale", augmentation="none"),
            network=NetworkConfig(model=str(weights.with_name("tiny.py")), weights=str(weights), plan="patches"),
            patches=PatchesConfig(patches_per_image=8, **patches),
            training=TrainingConfig(epochs=2, batch_size=16, precision="float32"),
            judgement=JudgementConfig(calibrate=False),
            runs=str(tmp_path),
            name=name,
        )

    return make


@pytest.mark.thorough
def test_a_run_on_patches_has_background_among_its_classes_and_is_judged_on_patches(patches_config, caplog, command):
    caplog.set_level("INFO", "imgcls")
    run = train_run(patches_config("patches"))
    manifest = Manifest.load(run.manifest_file)
    assert manifest.class_names == ["background", "bag", "trouser"]
    assert (manifest.table.groupby("image")["split"].nunique() == 1).all()
    evaluation = run.evaluation()
    assert evaluation["images"] == len(manifest.split("test"))
    assert sum(evaluation["confusion"][0]) == (manifest.split("test")["label"] == "background").sum()
    assert [row["epoch"] for row in run.metrics()] == [0]
    assert "--plan patches: " in caplog.text
    assert "show an object" in caplog.text
    judged = command("evaluate", run.path)
    assert judged.code == 0, judged.err
    assert json.loads(run.evaluation_file.read_text())["accuracy"] == evaluation["accuracy"]
    image = manifest.root / manifest.table["image"].iloc[0]
    predicted = command("predict", run.path, image)
    assert predicted.code == 0, predicted.err


@pytest.mark.slow
def test_a_run_on_patches_that_stops_ends_with_the_weights_of_an_unbroken_one(patches_config):
    unbroken, manifest = create_run(patches_config("unbroken", adaptation_units=16))
    assert train_network(unbroken, manifest)
    broken, manifest = create_run(patches_config("broken", adaptation_units=16))

    def stop(facts: dict) -> None:
        if facts.get("step") == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    assert not train_network(broken, manifest, on_step=stop)
    assert train_network(broken, Manifest.load(broken.manifest_file))
    assert [row["epoch"] for row in broken.metrics()] == [1, 2]
    pairs = zip(load_model(unbroken.model_file).weights, load_model(broken.model_file).weights, strict=True)
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)


def test_objects_of_one_class_are_told_from_background(patches_config, tmp_path):
    config = patches_config("one")
    file = write_canvases(tmp_path / "bags", ("bag",), 12)
    import_manifest(file, LabelsConfig(boxes="crop")).manifest.save(tmp_path / "bags.parquet")
    _, manifest = create_run(replace(config, input=replace(config.input, data=str(tmp_path / "bags.parquet"))))
    assert manifest.class_names == ["background", "bag"]
    head = replace(config.network, plan="head")
    alone = replace(config, network=head, patches=PatchesConfig(), name="alone")
    with pytest.raises(ValueError, match="There is only one class, 'bag'"):
        create_run(replace(alone, input=replace(alone.input, data=str(tmp_path / "bags.parquet"))))


def test_data_without_boxes_is_refused_before_an_image_is_opened(no_image_is_opened, small_data, patches_config):
    config = patches_config("none")
    with pytest.raises(ValueError, match=r"this data has none\. Import annotations with boxes by"):
        create_run(replace(config, input=replace(config.input, data=str(small_data))))


@pytest.mark.slow
def test_patches_of_photos_are_told_apart_by_features_of_imagenet(objects, tmp_path):
    config = TrainConfig(
        input=InputConfig(data=str(objects), image_size=96, augmentation="none"),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan="patches"),
        patches=PatchesConfig(patches_per_image=16),
        judgement=JudgementConfig(calibrate=False),
        runs=str(tmp_path),
    )
    run = train_run(config)
    assert run.evaluation()["accuracy"] > 0.8  # of some 50 patches; chance is a third
