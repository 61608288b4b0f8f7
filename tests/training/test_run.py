import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from imgcls.models import load_model
from imgcls.training.checkpoints import load_checkpoint, load_latest, save_checkpoint
from imgcls.training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "imgcls.train", *map(str, arguments)]


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


def test_a_run_folder_holds_what_it_should(small_run):
    names = {path.name for path in small_run.path.iterdir()}
    assert {"config.toml", "manifest.parquet", "metrics.jsonl", "model.keras", "checkpoints", "tensorboard"} <= names
    assert [row["epoch"] for row in small_run.metrics()] == [1, 2, 3]
    assert {"loss", "val_loss", "accuracy", "val_accuracy", "learning_rate"} <= set(small_run.metrics()[0])
    assert len(list(small_run.checkpoints.glob("step-*"))) == 2


def test_the_model_that_is_kept_is_that_of_the_best_epoch(small_run):
    best = max(small_run.metrics(), key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    kept = load_checkpoint(small_run.checkpoints / "best")
    assert kept.state["epoch"] == best["epoch"]
    for stored, loaded in zip(kept.arrays.values(), weights(small_run.path), strict=True):
        assert np.array_equal(stored, loaded)


def test_a_killed_run_ends_with_the_weights_of_an_unbroken_one(small_run, tmp_path, command):
    killed = start("--config", small_run.config_file, "--runs", tmp_path)
    folder = tmp_path / "small"
    wait_for(lambda: any((folder / "checkpoints").glob("step-*")) or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder / "model.keras").exists()
    assert command("train", "--resume", folder).code == 0
    for unbroken, resumed in zip(weights(small_run.path), weights(folder), strict=True):
        assert np.array_equal(unbroken, resumed)
    losses = [row["loss"] for row in RunFolder(folder).metrics()]
    assert losses == [row["loss"] for row in small_run.metrics()]


def test_ctrl_c_writes_a_checkpoint_and_says_how_to_go_on(small_run, tmp_path):
    run = start("--config", small_run.config_file, "--runs", tmp_path, "--name", "stopped", "--epochs", 1000)
    wait_for(lambda: (tmp_path / "stopped" / "metrics.jsonl").exists() or run.poll() is not None)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 130, said
    assert f"--resume {tmp_path / 'stopped'}" in said
    assert "Traceback" not in said
    assert RunFolder(tmp_path / "stopped").status()["state"] == "interrupted"
    assert load_latest(tmp_path / "stopped" / "checkpoints") is not None


def test_a_disk_that_is_full_leaves_the_last_whole_checkpoint(small_run, tmp_path):
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


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is no run folder: it has no config\.toml"):
        RunFolder(tmp_path)
    with pytest.raises(ValueError, match="is no folder"):
        RunFolder(tmp_path / "none")


def test_a_name_that_is_taken_is_refused(small_run):
    with pytest.raises(FileExistsError, match="--resume"):
        RunFolder.create(small_run.config)


def test_a_run_that_lives_cannot_be_resumed(small_run, tmp_path, command):
    copy = tmp_path / "copy"
    shutil.copytree(small_run.path, copy)
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = RunFolder(copy)
    run.write_status("training")
    run.status_file.write_text(run.status_file.read_text().replace(str(os.getpid()), str(living.pid)))
    result = command("train", "--resume", copy)
    living.communicate()
    assert result.code == 2
    assert f"process {living.pid}" in result.err
