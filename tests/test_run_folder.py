"""A run folder whose files are damaged, or whose process died."""

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgcls.run_folder import RunFolder

ROOT = Path(__file__).parents[1]
FILES = {
    "status.json": json.dumps({"state": "training", "pid": 1, "heartbeat": 5.5, "epoch": 1, "epochs": 3, "step": 2,
                               "steps": 9, "images_per_second": 10.0, "metrics": {"loss": 1.0, "accuracy": 0.5}}),
    "plan.json": json.dumps({"plan": "head", "reasons": ["one", "two"], "probes": []}),
    "evaluation.json": json.dumps({"accuracy": 0.5, "split": "test"}),
    "metrics.jsonl": "".join(json.dumps({"epoch": e, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0,
                                         "val_accuracy": 0.5, "seconds": 1.0}) + "\n" for e in (1, 2, 3)),
    "problems.jsonl": json.dumps({"file": "a.png", "reason": "gone"}) + "\n",
}  # fmt: skip


@pytest.fixture
def run(small_run, tmp_path):
    copy = shutil.copytree(small_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoints"))
    return RunFolder(copy)


def read(run: RunFolder) -> None:
    """All that others read of a run, used as they use it."""
    status = run.status()
    if "steps" in status:
        assert isinstance(
            status["step"] / (status["steps"] or 1) + status["images_per_second"] + status["epoch"], float
        )
    assert run.state() in ("unknown", "died", "training") or status["state"]
    assert all(isinstance(reason, str) for reason in run.plan().get("reasons", []))
    assert all(row["val_accuracy"] + row["loss"] + row["epoch"] for row in run.metrics())
    assert all(isinstance(file, str) for file in run.lost())
    run.evaluation().get("accuracy")
    run.is_alive()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_a_run_ends_nothing(run, name):
    whole, draw = FILES[name].encode(), random.Random(0)
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    damaged += [b"\xff\xfe\x00", b"null", b"[1]", b'"text"', b"7", b"[" * 100_000, b"{}", b'{"state": 5, "pid": "x"}\n']
    for _ in range(200):
        changed = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        damaged.append(bytes(changed))
    for content in damaged:
        (run.path / name).write_bytes(content)
        read(run)
    (run.path / name).unlink()
    (run.path / name).mkdir()
    read(run)


def test_a_damaged_line_costs_no_other_line(run):
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    (run.path / "metrics.jsonl").write_text("\n".join([lines[0], lines[1][:20], lines[2]]))
    assert [row["epoch"] for row in run.metrics()] == [1, 3]


@pytest.mark.thorough
def test_damaged_files_are_no_obstacle_to_a_judgement(run, command):
    (run.path / "status.json").write_text('{"state": ')
    (run.path / "plan.json").write_text("[]")
    (run.path / "problems.jsonl").write_text('{"file": "a.png", "reason": "gone"}\n{"file"')
    (run.path / "metrics.jsonl").write_bytes(b"\x00\x01")
    result = command("evaluate", run.path)
    assert result.code == 0
    assert "a.png" in run.report_file.read_text()


def killed_while(run: RunFolder, state: str, held: bool = False) -> subprocess.Popen:
    """A process that says it is at work on the run, until it is killed."""
    code = (
        "import contextlib, sys; from imgcls.run_folder import RunFolder\n"
        "run = RunFolder(sys.argv[1]); run.write_status(sys.argv[2])\n"
        "with run.held() if sys.argv[3] else contextlib.nullcontext(): print(flush=True); input()"
    )
    start = [sys.executable, "-c", code, str(run.path), state, "yes" if held else ""]
    process = subprocess.Popen(start, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


@pytest.mark.thorough
def test_a_run_whose_process_died_says_so_and_what_to_do(run, small_data, command):
    process = killed_while(run, "training")
    assert run.state() == "training"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert run.state() == "died"
    told = command("evaluate", run.path, "--split", "validation")
    assert told.code == 0
    assert f"warning: The process of the run {run.path} died while it was training" in told.err
    assert f"python -m imgcls.train --resume {run.path}" in told.err
    assert told.err.count("warning: The process of the run") == 1
    run.model_file.unlink()
    for arguments in (("predict", run.path, small_data), ("export", run.path), ("evaluate", run.path)):
        refused = command(*arguments)
        assert refused.code == 2
        assert "has no model: its process died. Go on with it: python -m imgcls.train --resume" in refused.err


def test_a_run_that_is_held_is_alive_however_long_it_has_said_nothing(run):
    process = killed_while(run, "training", held=True)
    try:
        status = json.loads(run.status_file.read_text())
        run.status_file.write_text(json.dumps({**status, "heartbeat": 0.0}))
        assert run.state() == "training"
        with pytest.raises(ValueError, match=f"is being trained by process {process.pid}"), run.held():
            pass
    finally:
        process.kill()
        process.communicate()
    assert run.state() == "died"
    with run.held():
        pass


def test_a_process_that_has_the_number_of_a_dead_one_is_not_taken_for_it(run):
    process = killed_while(run, "evaluating")
    try:
        status = json.loads(run.status_file.read_text())
        assert run.state() == "evaluating"
        run.status_file.write_text(json.dumps({**status, "heartbeat": status["heartbeat"] - 3600}))
        assert run.state() == "died"
    finally:
        process.kill()
        process.communicate()


def test_a_config_is_written_whole_or_not_at_all(run):
    before = run.config_file.read_bytes()
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from imgcls.config import TrainConfig; from imgcls.config_file import save_toml\n"
        "save_toml(TrainConfig(), sys.argv[1])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run.config_file)], cwd=ROOT, capture_output=True, text=True)
    assert "File too large" in done.stderr
    assert run.config_file.read_bytes() == before


def test_a_run_that_is_not_there_proposes_one_that_is_and_never_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "photos-1").mkdir(parents=True)
    (tmp_path / "runs" / "photos-1" / "config.toml").touch()
    for typed in ("runs/photo-1", "photos-2"):
        with pytest.raises(ValueError, match=f"^{typed} is no folder. Did you mean runs/photos-1\\? Expected"):
            RunFolder(typed)
    with pytest.raises(ValueError, match=r"^runs/nope is no folder. Expected the folder of a run, such as runs/my-run"):
        RunFolder("runs/nope")


def test_a_run_of_before_version_0_2_is_refused_with_what_to_do(tmp_path, command):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.toml").write_text('[input]\ndata = "photos"\n\n[training]\naccumulate = 1\n')
    said = command("evaluate", tmp_path / "old").err
    assert "was written by imgcls before version 0.2" in said
    assert "train it again with python -m imgcls.train --config" in said
    again = command("train", "--config", tmp_path / "old" / "config.toml")
    assert again.code == 2
    assert "accumulate is now gradient_accumulation_steps" in again.err
