"""Where a run stands, whatever became of its process. The jobs here are files, and a lock that stands for a process."""

import fcntl
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from jobs import job, runs
from projects.project import create_project

from imgcls.config import TrainConfig, TrainingConfig
from imgcls.config_file import load_toml, save_toml
from imgcls.files import write_json
from imgcls.run_folder import RunFolder


@pytest.fixture
def project(here):
    return create_project("Shoes")


@pytest.fixture
def run(project) -> RunFolder:
    made = RunFolder.create(TrainConfig(name="shoes", runs=str(project.runs)))
    made.manifest_file.touch()
    return made


def asked(project, when: float = 0.0, state: str = "running", end: int | None = None, before: float | None = None):
    """A job that works, or worked, on the run."""
    folder = project.jobs / f"job-{len(list(project.jobs.iterdir()))}"
    folder.mkdir()
    about = {"run": "shoes", "version": 3, "before": before}
    values = {"kind": "train", "title": "Train shoes", "who": "", "asked": time.time() + when, "about": about}
    write_json(folder / "job.json", values)
    write_json(folder / "state.json", {"state": state})
    (folder / "output.log").touch()
    if end is not None:
        write_json(folder / "end.json", {"code": end, "time": time.time()})
    return folder


@pytest.fixture
def lives():
    """Hold the lock of a job, as its process does."""
    held = []

    def hold(folder):
        held.append((folder / "output.log").open("ab"))
        fcntl.flock(held[-1], fcntl.LOCK_EX)
        return folder

    yield hold
    for file in held:
        file.close()


def test_a_run_that_goes_on_shows_nothing_of_the_dead_process(project, run, lives):
    run.write_status("training", epoch=4)
    asked(project, -60)
    assert runs.look(project, "shoes").state == "interrupted"
    assert "without a word" in runs.look(project, "shoes").message
    lives(asked(project, 1, before=run.status()["heartbeat"]))
    found = runs.look(project, "shoes")
    assert (found.state, found.message, dict(found.status)) == ("starting", "", {})
    assert not found.resumable


def test_a_job_that_could_not_write_down_its_end_says_what_it_printed(project):
    (asked(project) / "output.log").write_text("error: The disk is full.\n")
    assert runs.look(project, "shoes").message == "The disk is full."


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_clock_that_is_set_anew_changes_nothing(project, run, minutes):
    asked(project, 60 * minutes, end=0)
    run.write_status("finished", accuracy=0.9)
    found = runs.look(project, "shoes")
    assert (found.state, found.accuracy, found.resumable) == ("finished", 0.9, False)


def test_a_job_keeps_what_the_run_said_when_it_began(project, run, monkeypatch):
    started = []
    monkeypatch.setattr(runs, "start_job", lambda *facts: started.append(facts[5]))
    run.write_status("interrupted")
    runs.go_on(project, "shoes")
    runs.start_run(project, TrainConfig(name="boots"), 1)
    assert [about["before"] for about in started] == [run.status()["heartbeat"], None]


def test_each_state_is_said_as_it_is(project, run, lives):
    folder = lives(asked(project, -1, state="queued"))
    assert runs.look(project, "shoes").state == "waiting"
    write_json(folder / "state.json", {"state": "running"})
    for state in ("preparing", "training", "evaluating"):
        run.write_status(state)
        assert runs.look(project, "shoes").state == state
    run.write_status("finished", accuracy=0.9)
    assert runs.look(project, "shoes").state == "closing"  # its process still lives, and nobody asked it to end
    (folder / "cancel").touch()
    run.write_status("training")
    assert runs.look(project, "shoes").state == "ending"


def test_a_job_that_failed_before_there_was_a_status_is_not_asked_to_end(project, run, lives):
    lives(asked(project, end=1))
    found = runs.look(project, "shoes")
    assert (found.state, found.is_live) == ("closing", True)


def test_a_finished_run_has_its_accuracy_and_the_version_of_its_data(project, run):
    asked(project, -1, end=0)
    run.write_status("finished", accuracy=0.9)
    found = runs.look(project, "shoes")
    assert (found.state, found.accuracy, found.version, found.resumable) == ("finished", 0.9, 3, False)


def test_a_job_that_failed_before_there_was_a_run_says_why(project):
    folder = asked(project, end=2)
    (folder / "output.log").write_text("warning: x\nerror: There is only one class, 'cat'.\n")
    found = runs.look(project, "shoes")
    assert (found.state, found.message, found.folder) == ("failed", "There is only one class, 'cat'.", None)
    assert not found.resumable


def test_a_run_that_failed_goes_on_only_if_something_was_trained(project, run):
    save_toml(TrainConfig(name="shoes", runs=str(project.runs)), project.runs / ".asked" / "shoes.toml")
    asked(project, -1, end=2)
    run.write_status("failed", message="There is no memory.")
    assert not runs.look(project, "shoes").resumable
    (run.checkpoints / "00000003").mkdir(parents=True)
    assert runs.look(project, "shoes").resumable


def test_a_finished_run_whose_folder_was_removed_is_not_there_any_more(project):
    asked(project, end=0)
    found = runs.look(project, "shoes")
    assert (found.state, found.message, found.resumable) == ("gone", runs.GONE, False)
    save_toml(TrainConfig(name="shoes", runs=str(project.runs)), project.runs / ".asked" / "shoes.toml")
    assert runs.look(project, "shoes").resumable
    asked(project, 1)  # trained again, and killed before there was a folder
    assert runs.look(project, "shoes").state == "interrupted"


def test_stopping_twice_does_not_kill_and_ending_at_once_does(project, run, lives, monkeypatch):
    sent = []
    monkeypatch.setattr(os, "kill", lambda *signal: sent.append("asked"))
    monkeypatch.setattr(os, "killpg", lambda *signal: sent.append("killed"))
    folder = lives(asked(project))
    (folder / "runner.pid").write_text("1")
    runs.end_at_once(project, "shoes")
    runs.stop(project, "shoes")
    runs.stop(project, "shoes")
    assert sent == ["asked"]
    runs.end_at_once(project, "shoes")
    assert sent == ["asked", "killed"]


def test_a_run_is_deleted_with_its_jobs_unless_it_lives(project, run, lives):
    asked(project, -5, end=0)
    with (asked(project) / "output.log").open("ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="Stop it first"):
            runs.delete_run(project, "shoes")
    runs.delete_run(project, "shoes")
    assert not run.path.exists()
    assert not job.list_jobs(project)


def test_a_run_is_not_deleted_while_another_job_is_about_it(project, run, lives):
    folder = asked(project)
    values = {"kind": "review", "title": "Wrong labels by shoes", "who": "", "asked": 0.0, "about": {"run": "shoes"}}
    write_json(folder / "job.json", values)
    with (folder / "output.log").open("ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="in use: Wrong labels by shoes"):
            runs.delete_run(project, "shoes")
    runs.delete_run(project, "shoes")
    assert not run.path.exists()


def test_what_is_left_of_a_deleted_run_takes_no_name(project, monkeypatch):
    monkeypatch.setattr(runs, "start_job", lambda *_: None)
    write_json(project.runs / "run-1" / "review.json", {"queue": []})
    assert runs.free_name(project) == "run-1"
    assert runs.start_run(project, TrainConfig(name="run-1"), 1) == "run-1"
    assert not (project.runs / "run-1").exists()


@pytest.mark.parametrize("inside", ["", "study.sqlite", "trial-0001/config.toml"])
def test_a_search_keeps_its_name(project, inside):
    (project.runs / "search-1" / inside).parent.mkdir(parents=True, exist_ok=True)
    (project.runs / "search-1" / inside).touch() if inside else (project.runs / "search-1").mkdir()
    with pytest.raises(ValueError, match="There is a run 'search-1' already"):
        runs.start_run(project, TrainConfig(name="search-1"), 1)


def test_a_name_is_taken_once(project, run):
    with pytest.raises(ValueError, match="There is a run 'shoes' already"):
        runs.start_run(project, TrainConfig(name="shoes"), 1)
    assert runs.free_name(project) == "run-1"


def test_a_second_click_starts_no_second_run(project, monkeypatch):
    started, config = [], TrainConfig(name="")

    def start_job(project, kind, title, program, environment, about, who):
        started.append(job.Job(project.name, title, kind, title, "running", about=about))
        return started[-1]

    monkeypatch.setattr(runs, "start_job", start_job)
    monkeypatch.setattr(runs, "list_jobs", lambda project: started)
    assert runs.start_run(project, config, 3) == runs.start_run(project, config, 3) == "run-1"
    assert runs.start_run(project, replace(config, name="run-1"), 3) == "run-1"
    assert runs.start_run(project, config, 4) == "run-2"
    assert runs.start_run(project, replace(config, training=replace(config.training, seed=1)), 3) == "run-3"
    with pytest.raises(ValueError, match="There is a run 'run-3' already"):
        runs.start_run(project, replace(config, name="run-3"), 3)
    assert len(started) == 3


def test_two_starts_at_one_moment_are_two_runs(project, monkeypatch):
    at_once, started = threading.Barrier(2), []

    def free_name(project):
        with suppress(threading.BrokenBarrierError):
            at_once.wait(1)  # in which the other one, too, looks for a name, unless it may not yet
        return found(project)

    found = runs.free_name
    monkeypatch.setattr(runs, "free_name", free_name)
    monkeypatch.setattr(runs, "start_job", lambda *facts: started.append(facts[5]["run"]))
    configs = [TrainConfig(name="", training=TrainingConfig(seed=seed)) for seed in (1, 2)]
    with ThreadPoolExecutor() as pool:
        names = list(pool.map(lambda config: runs.start_run(project, config, 1), configs))
    assert sorted(names) == sorted(started) == ["run-1", "run-2"]
    asked = [load_toml(project.runs / ".asked" / f"{name}.toml").training.seed for name in names]
    assert asked == [1, 2]


def test_runs_that_live_come_first_then_the_latest(project, run, lives):
    run.write_status("finished", accuracy=0.5)
    later = RunFolder.create(TrainConfig(name="later", runs=str(project.runs)))
    later.write_status("failed", message="no room")
    (project.runs / "stray").mkdir()
    assert [found.name for found in runs.list_runs(project)] == ["later", "shoes"]
    assert runs.list_runs(project)[0].message == "no room"
    lives(asked(project))
    assert [found.name for found in runs.list_runs(project)] == ["shoes", "later"]
