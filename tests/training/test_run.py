import errno
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls.config_file import save_toml
from imgcls.data.manifest.table import Manifest
from imgcls.files import read_json, write_json
from imgcls.framework_internals import all_layers
from imgcls.models import load_model
from imgcls.run_folder import RunFolder
from imgcls.training.callbacks import Checkpointing
from imgcls.training.checkpoints import load_checkpoint, load_latest, save_checkpoint, step_name
from imgcls.training.devices.xla import XlaTrial
from imgcls.training.run import train_network
from imgcls.workflow.create import create_run

ROOT = Path(__file__).parents[2]


def start(*arguments: object) -> subprocess.Popen:
    """Train in a process of its own."""
    line = [sys.executable, "-m", "imgcls.train", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(line, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for(condition, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)


def weights(run: Path) -> list[np.ndarray]:
    return load_model(run / "model.keras").get_weights()


@pytest.mark.thorough
def test_a_run_folder_holds_what_it_should(tiny_run):
    names = {path.name for path in tiny_run.path.iterdir()}
    assert {"config.toml", "manifest.parquet", "metrics.jsonl", "model.keras", "checkpoints", "tensorboard"} <= names
    assert [row["epoch"] for row in tiny_run.metrics()] == [1, 2]
    assert {"loss", "val_loss", "accuracy", "val_accuracy", "learning_rate"} <= set(tiny_run.metrics()[0])
    assert len(list(tiny_run.checkpoints.glob("step-*"))) == 2


def test_the_model_that_is_kept_is_that_of_the_best_epoch(tiny_run):
    best = max(tiny_run.metrics(), key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    kept = load_checkpoint(tiny_run.checkpoints / "best")
    assert kept.state["epoch"] == best["epoch"]
    for stored, loaded in zip(kept.arrays.values(), weights(tiny_run.path), strict=True):
        assert np.array_equal(stored, loaded)


def test_what_xla_brings_is_written_into_the_run_which_takes_it_when_it_goes_on(tiny_config, monkeypatch):
    asked, trial = [], XlaTrial("off", 12.0, 10.0, "a step takes 12.0 ms with it and 10.0 ms without.")

    def measured(name, *_):
        asked.append(name)
        return trial if name == "auto" else None

    monkeypatch.setattr("imgcls.training.run.settle_xla", measured)
    run, manifest = create_run(tiny_config(epochs=1))
    assert train_network(run, manifest)
    assert run.config.training.xla == "off"
    assert read_json(run.xla_file) == asdict(trial)
    shutil.rmtree(run.checkpoints)  # the run begins anew
    assert train_network(run, manifest)
    assert asked == ["auto", "off"]


@pytest.mark.thorough
def test_no_step_is_said_to_have_a_loss_or_an_accuracy_that_nobody_has_read(tiny_config):
    run, manifest = create_run(tiny_config(epochs=4, steps_per_call=1))
    told = []
    assert train_network(run, manifest, on_step=told.append)
    steps = [facts["metrics"] for facts in told if "step" in facts]
    assert all(metrics.get("loss", 1.0) > 0.0 for metrics in steps)
    epochs = [{name: row[name] for name in ("loss", "accuracy")} for row in run.metrics()]
    assert [facts["metrics"] for facts in told if facts.get("step") == facts.get("steps", -1)] == epochs
    assert epochs[0] in [
        facts["metrics"] for facts in told if facts.get("epoch") == 2 and facts["step"] < facts["steps"]
    ]


KILLED_AFTER_A_CHECKPOINT = """
import os, runpy, signal, sys
from imgcls.training.run_checkpoints import RunCheckpoints
save = RunCheckpoints.save
RunCheckpoints.save = lambda self: (save(self), self.output.settle(), os.kill(os.getpid(), signal.SIGKILL))
sys.argv = ["train", *sys.argv[1:]]
runpy.run_module("imgcls.train", run_name="__main__", alter_sys=True)
"""


def half_written_checkpoint(folder: Path) -> Path:
    half = folder / "checkpoints" / ".partial-step-000000099"
    half.mkdir()
    (half / "arrays.npz").write_bytes(b"PK")
    return half


def assert_same(unbroken: RunFolder, resumed: RunFolder) -> None:
    for one, other in zip(weights(unbroken.path), weights(resumed.path), strict=True):
        assert np.array_equal(one, other)
    assert [row["loss"] for row in unbroken.metrics()] == [row["loss"] for row in resumed.metrics()]


@pytest.mark.thorough
def test_a_run_that_is_killed_ends_as_an_unbroken_one(tiny_run, tmp_path):
    line = [sys.executable, "-c", KILLED_AFTER_A_CHECKPOINT, "--config", tiny_run.config_file, "--runs", tmp_path]
    killed = subprocess.run(line, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run = RunFolder(tmp_path / "tiny")
    assert load_latest(run.checkpoints).state["step"] == 5
    assert not run.model_file.exists()
    half = half_written_checkpoint(run.path)
    assert train_network(run, Manifest.load(run.manifest_file))
    assert not half.exists()
    assert_same(tiny_run, run)


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_time_ends_as_an_unbroken_one(small_run, tmp_path, command):
    """Of three kills the second comes before there is anything new; after the last, a checkpoint is half written."""
    folder = tmp_path / "small"
    arguments = ("--config", small_run.config_file, "--runs", tmp_path, "--no-calibrate")  # as `small_run` was not
    for new_checkpoint in (True, False, True):
        killed = start(*arguments)
        wait_until_killable(killed, folder, new_checkpoint)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert not (folder / "model.keras").exists()
        arguments = ("--resume", folder)
    half = half_written_checkpoint(folder)
    assert command("train", "--resume", folder).code == 0
    assert not half.exists()
    assert_same(small_run, RunFolder(folder))


def wait_until_killable(process: subprocess.Popen, folder: Path, new_checkpoint: bool) -> None:
    """Until the process trains, and has written a checkpoint if it shall."""
    before = set((folder / "checkpoints").glob("step-*"))

    def is_ready() -> bool:
        if new_checkpoint:
            return bool(set((folder / "checkpoints").glob("step-*")) - before)
        return RunFolder(folder).status()["pid"] == process.pid

    wait_for(lambda: is_ready() or process.poll() is not None)


@pytest.fixture
def hangup():
    """A closed terminal ends what is started, also where these tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.thorough
def test_several_devices_learn_from_the_images_that_one_learns_from(tiny_run, tmp_path):
    """Layers of KerasCV and Keras change an image by its position, whichever device gets it."""
    training = replace(tiny_run.config.training, strategy="mirrored")
    run, manifest = create_run(replace(tiny_run.config, training=training, runs=str(tmp_path)))
    assert train_network(run, manifest)
    assert [row["loss"] for row in run.metrics()] == pytest.approx(
        [row["loss"] for row in tiny_run.metrics()], rel=1e-3
    )


@pytest.mark.thorough
def test_a_run_that_is_stopped_writes_a_checkpoint_and_says_how_to_go_on(tiny_run, tmp_path, command, monkeypatch):
    def append_and_be_stopped(run: RunFolder, row: dict) -> None:
        append(run, row)
        os.kill(os.getpid(), signal.SIGTERM)

    append = RunFolder.append_metrics
    monkeypatch.setattr(RunFolder, "append_metrics", append_and_be_stopped)
    stopped = command("train", "--config", tiny_run.config_file, "--runs", tmp_path, "--name", "stopped")
    check_stopped(tmp_path / "stopped", stopped.code, stopped.out + stopped.err)
    run = RunFolder(tmp_path / "stopped")
    assert len(run.metrics()) == 1
    assert f"--resume {run.path} --epochs 1  # judges it as it is" in stopped.out
    judged = command("train", "--resume", run.path, "--epochs", 1)
    assert judged.code == 0, judged.err
    assert len(run.metrics()) == 1
    assert run.status()["accuracy"] == run.evaluation()["accuracy"]


def check_stopped(folder: Path, code: int, said: str) -> None:
    assert code == 130, said
    assert f"--resume {folder}" in said
    assert "Traceback" not in said
    assert RunFolder(folder).status()["state"] == "interrupted"
    assert load_latest(folder / "checkpoints") is not None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.usefixtures("hangup")
def test_a_process_that_is_stopped_by_any_of_its_signals_says_how_to_go_on(small_run, tmp_path, number):
    run = start("--config", small_run.config_file, "--runs", tmp_path, "--name", "stopped", "--epochs", 1000)
    wait_for(lambda: (tmp_path / "stopped" / "metrics.jsonl").exists() or run.poll() is not None)
    run.send_signal(number)
    said, _ = run.communicate(timeout=120)
    check_stopped(tmp_path / "stopped", run.returncode, said)


def test_a_disk_that_is_full_leaves_the_last_whole_checkpoint(tmp_path):
    """The limit on the size of a file refuses a write in the middle, as a full disk does."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000));"
        "from pathlib import Path; import numpy as np; from imgcls.training.checkpoints import save_checkpoint;"
        "folder = Path(sys.argv[1]); save_checkpoint(folder, 'step-000000001', {'a': np.zeros(10)}, {'step': 1})\n"
        "try: save_checkpoint(folder, 'step-000000002', {'a': np.zeros(10**6)}, {'step': 2})\n"
        "except OSError as error: print('refused', error.errno)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("refused"), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000001"]
    assert load_latest(tmp_path).state["step"] == 1


def test_a_damaged_checkpoint_is_passed_over(tmp_path):
    for step in (1, 2):
        save_checkpoint(tmp_path, f"step-{step:09d}", {"a": np.full(10, step)}, {"step": step})
    damaged = tmp_path / "step-000000002" / "arrays.npz"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    assert load_latest(tmp_path).state["step"] == 1
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(tmp_path / "step-000000002")


def test_a_run_that_begins_anew_keeps_what_it_writes(tmp_path):
    for step in (50, 60):
        save_checkpoint(tmp_path, step_name(step), {"a": np.full(10, step)}, {"step": step})
        (tmp_path / step_name(step) / "arrays.npz").write_bytes(b"")
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step_name(step), {"a": np.full(10, step)}, {"step": step})
        assert load_latest(tmp_path).state["step"] == step
    assert sorted(path.name for path in tmp_path.iterdir()) == [step_name(2), step_name(3)]


def test_a_disk_that_does_not_give_a_checkpoint_is_no_damage(tmp_path, monkeypatch):
    for step in (1, 2):
        save_checkpoint(tmp_path, step_name(step), {"a": np.full(10, step)}, {"step": step})

    def stale(path):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

    monkeypatch.setattr("imgcls.training.checkpoints.sha256_of", stale)
    with pytest.raises(OSError, match=step_name(2)):
        load_latest(tmp_path)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is no run folder: it has no config\.toml"):
        RunFolder(tmp_path)
    with pytest.raises(ValueError, match="is no folder"):
        RunFolder(tmp_path / "none")


def test_a_name_that_is_taken_is_refused(tiny_run):
    with pytest.raises(FileExistsError, match="--resume"):
        RunFolder.create(tiny_run.config)


def test_a_run_that_lives_cannot_be_resumed(tiny_run, tmp_path, command):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run.path, copy)
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = RunFolder(copy)
    run.write_status("training")
    run.status_file.write_text(run.status_file.read_text().replace(str(os.getpid()), str(living.pid)))
    result = command("train", "--resume", copy)
    living.communicate()
    assert result.code == 2
    assert f"process {living.pid}" in result.err


@pytest.mark.slow
def test_a_run_goes_on_when_nobody_reads_what_it_says(tiny_config, tmp_path):
    save_toml(tiny_config(), tmp_path / "config.toml")
    process = start("--config", tmp_path / "config.toml")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=300) == 0
    assert RunFolder(tmp_path / "tiny").status()["state"] == "finished"


@pytest.mark.thorough
def test_a_run_goes_on_while_the_disk_is_full(tiny_config, monkeypatch, caplog):
    run, manifest = create_run(tiny_config(epochs=3))
    save, written = np.savez, itertools.count(1)

    def full_in_the_middle(path, **arrays):
        if next(written) in (2, 3):  # the first is the best epoch so far, then comes the checkpoint of the first epoch
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, **arrays)

    monkeypatch.setattr(np, "savez", full_in_the_middle)
    assert train_network(run, manifest)
    warned = caplog.messages
    assert any("no space left on device" in line and "keeps its last whole checkpoint" in line for line in warned)
    assert [row["epoch"] for row in run.metrics()] == [1, 2, 3]
    assert run.model_file.is_file()
    assert load_latest(run.checkpoints).state["step"] == 15


@pytest.mark.thorough
def test_a_loss_that_is_no_number_names_its_layer_and_the_last_good_checkpoint(tiny_config, command):
    run, manifest = create_run(tiny_config(epochs=3))

    class Break(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            gamma = self.model.get_layer("stage2_norm").gamma
            gamma.assign(np.full(gamma.shape, 3e38))

    with pytest.raises(FloatingPointError) as raised:
        train_network(run, manifest, callbacks=[Break()])
    said = str(raised.value)
    assert "at step 6; it began in the output of layer 'stage2_norm'." in said
    assert f"of step 5: python -m imgcls.train --resume {run.path} --learning-rate 0.001" in said
    assert all(np.isfinite(array).all() for array in load_latest(run.checkpoints).arrays.values())
    _, advice = said.split("python -m imgcls.train ")
    assert command("train", *advice.split()).code == 0
    assert run.config.training.learning_rate == 0.001
    assert run.model_file.is_file()


def test_checkpoints_of_another_network_or_other_classes_are_refused_with_both_sides_named(tiny_run, tmp_path):
    manifest = Manifest.load(tiny_run.manifest_file)
    for change, said in (
        (
            {"network": "vgg11"},
            "The checkpoint's network: vgg11; the run's, by its config and manifest: tiny_test_net.",
        ),
        ({"class_names": ["bag", "coat"]}, "classes: bag, coat; the run's, by its config and manifest: bag, trouser"),
    ):
        copy = tmp_path / next(iter(change))
        shutil.copytree(tiny_run.path, copy)
        for file in copy.glob("checkpoints/step-*/state.json"):
            write_json(file, json.loads(file.read_text()) | change)
        with pytest.raises(ValueError, match=re.escape(said)):
            train_network(RunFolder(copy), manifest)


def test_no_checkpoint_lies_between_the_last_step_of_an_epoch_and_its_end():
    """A run that is killed there and goes on would not judge the epoch, whose weights may be the best ones."""
    saved, place = [], "start"
    callback = Checkpointing(lambda: saved.append(place), minutes=0.0, steps_per_epoch=3)
    for place in (0, 1, 2):
        callback.on_train_batch_end(place)
    place = "end"
    callback.on_epoch_end(0)
    assert saved == [0, 1, "end"]


def test_a_run_whose_checkpoints_are_all_damaged_says_that_it_begins_anew(tmp_path, caplog):
    for step in (1, 2):
        save_checkpoint(tmp_path, f"step-{step:09d}", {"a": np.full(10, step)}, {"step": step})
        (tmp_path / f"step-{step:09d}" / "arrays.npz").write_bytes(b"")
    assert load_latest(tmp_path, log_damage=True) is None
    assert "The one before it is taken" in caplog.messages[0]
    assert "begins anew" in caplog.messages[1]


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize("precision", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)])
@pytest.mark.thorough
def test_a_run_in_sixteen_bits_leaves_a_model_in_32(tiny_config, precision):
    run, manifest = create_run(tiny_config(epochs=1, precision=precision))
    assert train_network(run, manifest)
    model = load_model(run.model_file)
    assert {layer.compute_dtype for layer in all_layers(model)} == {"float32"}
    assert {np.asarray(weight).dtype for weight in model.get_weights()} <= {np.dtype("float32"), np.dtype("int64")}
    assert np.isfinite(model(np.ones((1, *model.input_shape[1:]), np.float32))).all()


@pytest.mark.slow
@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_the_model_of_a_run_in_sixteen_bits_is_exported(tiny_config, tmp_path, command, precision):
    run, manifest = create_run(tiny_config(epochs=1, precision=precision))
    assert train_network(run, manifest)
    exported = command("export", run.path, "--output", tmp_path / "bundles")
    assert exported.code == 0, exported.err
