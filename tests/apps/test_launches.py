"""Where a run stands, whatever became of its process."""

import os
import subprocess
import sys
import time

import pytest
from parts import launches

from imgcls.config import InputConfig, TrainConfig
from imgcls.run_folder import RunFolder


@pytest.fixture
def run(here) -> RunFolder:
    run = RunFolder.create(TrainConfig(name="shoes"))
    run.manifest_file.touch()
    return run


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_that_was_killed_is_interrupted_and_can_go_on(run, monkeypatch):
    monkeypatch.setattr(os, "getpid", dead_process)
    run.write_status("training", epoch=1)
    launch = launches.look("shoes")
    assert (launch.state, launch.resumable) == ("interrupted", True)
    assert "without a word" in launch.message


def test_a_run_of_the_terminal_is_followed_and_not_started_twice(run, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(os, "getpid", os.getppid)  # a process that lives and is not this one
        run.write_status("training", epoch=1)
    assert launches.look("shoes").state == "training"
    with pytest.raises(ValueError, match="is being trained already"):
        launches.resume("shoes")


def test_the_lock_says_whether_the_process_lives_and_falls_with_it(run, monkeypatch):
    monkeypatch.setattr(sys, "executable", "sleep")  # `sleep -m ...` complains and ends at once
    run.write_status("interrupted")
    launches.resume("shoes")
    until = time.monotonic() + 20
    while launches.is_running("shoes") and time.monotonic() < until:
        time.sleep(0.05)
    launch = launches.look("shoes")
    assert (launch.state, launch.resumable) == ("failed", True)
    assert "sleep:" in launches.log("shoes")


def test_a_name_is_taken_once(run):
    with pytest.raises(ValueError, match="There is a run 'shoes' already"):
        launches.start(TrainConfig(name="shoes"))
    assert launches.free_name("data/my shoes.parquet") == "my_shoes-1"
    assert not launches.LAUNCHED.exists()


def test_runs_that_live_come_first_then_the_latest(run, monkeypatch):
    run.write_status("finished", accuracy=0.5)
    later = RunFolder.create(TrainConfig(name="later", input=InputConfig(data="shoes")))
    later.write_status("failed", message="no room")
    (launches.RUNS / "stray").mkdir()
    assert [launch.name for launch in launches.list_launches()] == ["later", "shoes"]
    assert launches.list_launches()[0].message == "no room"
