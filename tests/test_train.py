"""`python -m imgcls.train`, as a user meets it."""

import json
import shutil
from pathlib import Path

import keras
import pytest

from imgcls import train
from imgcls.cli import command as command_line
from imgcls.config import InputConfig, TrainConfig, TrainingConfig
from imgcls.config_file import save_toml
from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder
from imgcls.workflow.create import create_run
from tests.conftest import copy_sample

CLASSES = ("bag", "trouser")


@pytest.fixture
def data(tmp_path):
    return copy_sample(tmp_path / "data", CLASSES, train=12, test=4)


def refused(result, *said: str) -> None:
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert len(result.err.strip().splitlines()) == 1
    for words in said:
        assert words in result.err


@pytest.mark.thorough
def test_a_folder_becomes_a_judged_model_although_some_files_are_broken(data, tmp_path, command):
    (data / "train" / "bag" / "zero.png").touch()
    (data / "train" / "bag" / "notes.txt").write_text("no image")
    image = next((data / "train" / "bag").glob("0*.png"))
    (data / "test" / "bag" / "half.png").write_bytes(image.read_bytes()[:150])
    result = command("train", "--data", data, "--epochs", 2, "--batch-size", 8, "--runs", tmp_path / "runs")
    assert result.code == 3
    for name in ("zero.png", "notes.txt", "half.png"):
        assert f"{name} is left out" in result.err
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name == "data-resnet20-1"
    assert f"python -m imgcls.export {run}" in result.out
    assert "95 % interval" in result.out
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["images"] == 8
    assert len(evaluation["problems"]) == 3
    assert f"Splits: {evaluation['split_hash'][:12]}" in result.out
    assert evaluation["split_hash"][:12] in (run / "report.html").read_text()
    assert json.loads((run / "status.json").read_text())["state"] == "finished"


def test_an_image_in_two_splits_is_warned_of(data, tmp_path, caplog):
    image = next((data / "train" / "bag").iterdir())
    shutil.copy(image, data / "test" / "bag" / "again.png")
    create_run(TrainConfig(input=InputConfig(data=str(data)), runs=str(tmp_path / "runs")))
    assert "splits train and test have images in common: 1 of test, such as test/bag/again.png" in caplog.text


def test_corrections_and_folds_are_flags_too(data, tmp_path, caplog):
    name = sorted((data / "train" / "bag").iterdir())[0].name
    (tmp_path / "fix.csv").write_text(f"image,label\ntrain/bag/{name},trouser\nnothing.png,bag\n")
    validation = []
    for fold in (1, 2, 3):
        inputs = InputConfig(data=str(data), overlay=str(tmp_path / "fix.csv"), folds=3, fold=fold)
        _, manifest = create_run(TrainConfig(input=inputs, runs=str(tmp_path / "runs")))
        assert manifest.table.set_index("image").loc[f"train/bag/{name}", "label"] == "trouser"
        validation += manifest.split("validation")["image"].tolist()
    assert len(validation) == len(set(validation)) == 24
    assert "line 3: there is no image 'nothing.png'" in caplog.text


@pytest.mark.thorough
def test_a_config_repeats_the_run(small_run, tmp_path, command):
    result = command("train", "--config", small_run.config_file, "--runs", tmp_path)
    assert result.code == 0
    again = (tmp_path / "small" / "metrics.jsonl").read_text().splitlines()
    for expected, found in zip(small_run.metrics(), map(json.loads, again), strict=True):
        assert found["loss"] == expected["loss"]
        assert found["val_loss"] == expected["val_loss"]


def test_bad_data_is_refused_before_anything_is_written(data, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(command("train", "--data", "nowhere"), "'nowhere'", "fashion_mini")
    refused(command("train", "--data", "fashion_mnii"), "Did you mean 'fashion_mini'")
    (data / "train" / "empty").mkdir()
    refused(command("train", "--data", data), "empty holds no images")
    (data / "train" / "empty").rmdir()
    shutil.copytree(data / "test" / "bag", data / "test" / "coat")
    refused(command("train", "--data", data), "'coat'", "training split lacks")
    refused(command("train", "--data", data / "train" / "bag"), "no folders in it")
    one = tmp_path / "one"
    shutil.copytree(data / "train" / "bag", one / "bag")
    refused(command("train", "--data", one), "only one class, 'bag'")
    assert not (tmp_path / "runs").exists()


def test_bad_flags_are_refused_before_anything_is_written(data, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(command("train", "--data", data, "--model", "resnet21"), "Did you mean 'resnet")
    refused(command("train", "--data", data, "--model", "resnet20", "--weights", "imagenet"), "no weights 'imagenet'")
    refused(command("train", "--data", data, "--plan", "head"), "--plan head keeps weights")
    refused(command("train", "--data", data, "--weights", "none.keras"), "none.keras")
    refused(command("train", "--config", "none.toml"), "none.toml")
    refused(command("train", "--resume", data), "is no run folder")
    refused(command("train", "--resume", data, "--epochs", 3), "is no run folder")
    for others in (("--seed", 3), ("--name=a", "--epochs", 3), ("--folds", 5), ("--no-standardize",)):
        refused(command("train", "--resume", data, *others), f"which {others[0].partition('=')[0]} would change")
    assert not (tmp_path / "runs").exists()


def test_what_is_typed_beside_a_config_counts_although_it_is_the_default(tmp_path, monkeypatch):
    save_toml(TrainConfig(training=TrainingConfig(epochs=7, learning_rate=0.1)), tmp_path / "config.toml")
    monkeypatch.setattr("sys.argv", ["train", "--config", str(tmp_path / "config.toml"), "--learning_rate=0.003"])
    training = command_line.parse(train.Options, "", train.options_from_config_file).train.training
    assert (training.epochs, training.learning_rate) == (7, 0.003)
    monkeypatch.setattr("sys.argv", ["train", "--config", str(tmp_path / "config.toml"), "--learning-rate", "auto"])
    assert command_line.parse(train.Options, "", train.options_from_config_file).train.training.learning_rate == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--activation", "reluu"), "Did you mean 'relu'?"),
        (("--initializer", "he"), "Unknown initializer 'he'"),
        (("--init-from", "none.keras"), "--init-from is 'none.keras', and there is no such run folder"),
        (("--model", "resnet20", "--plan", "last_blocks", "--unfreeze", 2), "--plan last_blocks keeps weights"),
        (("--strategy", "multi_worker"), "found no other workers"),
        (("--strategy", "mirrored", "--batch-size", 1), "choose --batch-size 2"),
        (("--strategy", "mirrored", "--batch-size", 8, "--gradient-accumulation-steps", 8), "choose --batch-size 16"),
        (("--strategy", "mirrored", "--xla", "on"), "--strategy one_device"),
    ],
)
def test_options_that_cannot_go_together_are_refused_before_an_image_is_read(
    tmp_path, command, monkeypatch, no_data_is_read, flags, said
):
    monkeypatch.chdir(tmp_path)
    refused(command("train", *flags), said)
    assert not (tmp_path / "runs").exists()


def test_flags_without_the_one_that_they_go_with_are_refused(command):
    for flags, said in (
        (("--plan", "scratch", "--weights", "imagenet"), "--plan scratch starts without weights"),
        (("--init-from", "runs/a", "--weights", "imagenet"), "both say what to start from. Choose one."),
        (("--focal-gamma", 3), "--focal-gamma goes with --loss focal"),
        (("--momentum", 0.5), "--momentum goes with --optimizer sgd or rmsprop, not with --optimizer adamw"),
        (("--optimizer", "sgd", "--weight-decay", 0.1), "--weight-decay goes with --optimizer adamw or lion"),
        (("--schedule", "one_cycle", "--warmup-epochs", 3), "--warmup-epochs goes with --schedule cosine"),
        (("--regularizer-strength", 0.1), "--regularizer-strength goes with --regularizer"),
        (("--batch-size", 10, "--gradient-accumulation-steps", 3), "choose --batch-size 9"),
        (("--learning-rate", "nan"), "--learning-rate is nan; expected"),
    ):
        result = command("train", *flags)
        assert result.code == 2
        assert said in " ".join(result.err.replace("│", "").split())


def test_flags_that_do_not_exist_get_a_hint(command):
    refused(command("train", "--optimizer", "adamww"), "--optimizer is 'adamww'", "Did you mean 'adamw'?")
    refused(command("train", "--data-format=channel_first"), "Did you mean 'channels_first'?")
    result = command("train", "--epoch", 3)
    assert result.code == 2
    assert "--epochs" in result.err
    result = command("train", "--epochs", 0)
    assert result.code == 2
    assert "--epochs is 0; expected 1 to" in result.err


@pytest.mark.slow
def test_folds_are_each_a_run_and_one_figure_together(data, tmp_path, command):
    settings = ("--data", data, "--model", "lenet5", "--epochs", 1, "--image-size", 32, "--runs", tmp_path / "runs")
    result = command("train", *settings, "--folds", 2, "--name", "cv")
    assert result.code == 0, result.err
    runs = [RunFolder(tmp_path / "runs" / f"cv-fold{fold}") for fold in (1, 2)]
    assert [run.config.input.fold for run in runs] == [1, 2]
    best = [run.kept_epoch()["val_accuracy"] for run in runs]
    summary = f"2 folds, accuracy on each one's validation split: {100 * sum(best) / 2:.1f} %"
    assert summary in result.out
    held = [set(Manifest.load(run.manifest_file).split("validation")["image"]) for run in runs]
    assert len(set.union(*held)) == sum(map(len, held)) == 24
    runs[1].write_status("interrupted")
    before = runs[0].model_file.read_bytes()
    again = command("train", *settings, "--folds", 2, "--name", "cv")
    assert again.code == 0
    assert f"{runs[0].path} is finished." in again.out
    assert summary in again.out
    assert runs[0].model_file.read_bytes() == before
    assert f"{runs[1].path} is finished." not in again.out
    resumed = command("train", "--resume", runs[1].path)
    assert resumed.code == 0
    assert f"{runs[1].path} is finished." in resumed.out
    assert summary in resumed.out
    other = command("train", *settings, "--epochs", 2, "--folds", 2, "--name", "cv")
    refused(other, "is of other folds or settings than these. Choose another --name.")
    refused(command("tune", *settings, "--folds", 2), "--fold")
    assert "--fold is 3" in command("train", *settings, "--folds", 2, "--fold", 3).err


def spoiled(folder: Path, model: Path) -> dict[str, Path]:
    """Files that no network can start from, by a short name."""
    names = {
        "half": "half.keras",
        "h5": "text.h5",
        "pth": "text.pth",
        "safetensors": "text.safetensors",
        "txt": "list.txt",
    }
    files = {short: folder / name for short, name in names.items()}
    for path in files.values():
        path.write_bytes(b"no weights at all")
    files["half"].write_bytes(model.read_bytes()[:5000])
    return files


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--weights", "{half}"), "half.keras is no classifier that imgcls saved"),
        (("--init-from", "{half}"), "half.keras is no classifier that imgcls saved"),
        (("--model", "vgg16", "--weights", "{h5}"), "text.h5 is no HDF5 file"),
        (("--model", "efficientnet_lite0", "--weights", "{h5}"), "which has no efficientnet_lite0"),
        (("--model", "resnet18", "--weights", "{pth}"), "text.pth is no PyTorch weight file"),
        (("--weights", "{safetensors}"), "text.safetensors"),
        (("--weights", "{txt}"), "list.txt is no weight file; expected one that ends in .keras"),
        (("--model", "vgg11", "--weights", "{run}"), "holds a resnet20; expected a vgg11. Choose --model resnet20"),
        (("--init-from", "{run}", "--plan", "head"), "--plan head keeps weights, and there are none"),
        (("--init-from", "{run}", "--plan", "head", "--model", "vgg16"), "--plan head keeps weights"),
    ],
)
def test_what_a_run_starts_from_is_opened_before_an_image_is(
    small_run, tmp_path, command, monkeypatch, no_data_is_read, flags, said
):
    files = {**spoiled(tmp_path, small_run.model_file), "run": small_run.model_file}
    monkeypatch.chdir(tmp_path)
    refused(command("train", *(flag.format_map(files) for flag in flags)), said)
    assert not (tmp_path / "runs").exists()


def test_weights_that_do_not_fit_leave_no_run_behind(small_data, tmp_path, command):
    keras.applications.MobileNet((96, 96, 3), alpha=0.25, weights=None).save_weights(tmp_path / "other.weights.h5")
    flags = ("--model", "mobilenet_v2_035", "--image-size", 96, "--weights", tmp_path / "other.weights.h5")
    result = command(
        "train", "--data", small_data, *flags, "--plan", "head", "--runs", tmp_path / "runs", "--name", "w"
    )
    refused(result, "other.weights.h5 does not hold the weights of keras.applications.MobileNetV2")
    assert not (tmp_path / "runs" / "w").exists()
