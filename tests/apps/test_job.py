"""Jobs: real processes, which wait for each other, are ended, killed, and looked at by another app."""

import fcntl
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from jobs import runner
from jobs.job import LIVE, cancel, forget, is_running, list_jobs, live_jobs, log_of, look, start_job
from projects.dated_folder import dated_folder
from projects.project import create_project, open_project
from safety.allowed_paths import environment

from imgcls.files import write_json

SECONDS = 60  # that anything may take
SLEEPS = """
import sys, time
from imgcls.cli.terminal import progress_line
with progress_line() as line:
    for done in range(1, 600):
        line.doing("Counting sheep", done, 600)
        time.sleep(0.1)
"""


@pytest.fixture
def farm(here):
    (here / "sheep.py").write_text(SLEEPS)
    (here / "lambs.py").write_text(SLEEPS)
    (here / "wolf.py").write_text("import sys\nprint('error: The wolf came.', file=sys.stderr)\nsys.exit(2)")
    (here / "some.py").write_text("import sys\nsys.exit(3)")
    made = create_project("Farm")
    yield made
    for job in live_jobs():
        cancel(made, job.id)
        cancel(made, job.id)


def start(farm, program: str, kind: str = "import", **how):
    path = os.pathsep.join([str(farm.folder.parents[1].absolute()), os.environ["PYTHONPATH"]])
    given = {**environment(), "PYTHONPATH": path}
    return start_job(farm, kind, program, [program], given, {"run": "one"}, "anna", **how)


def wait_until(condition) -> None:
    """Look again and again."""
    for _ in range(SECONDS * 20):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about")


def test_a_job_tells_what_it_does_and_ends_when_it_is_asked_to(farm):
    job = start(farm, "sheep")
    wait_until(lambda: look(farm, job.id).done > 1)
    seen = look(farm, job.id)
    assert (seen.state, seen.doing, seen.total, seen.who, seen.about) == (
        "running", "Counting sheep", 600, "anna", {"run": "one"},
    )  # fmt: skip
    assert [each.id for each in live_jobs()] == [job.id]
    cancel(farm, job.id)
    wait_until(lambda: not look(farm, job.id).is_live)
    assert look(farm, job.id).state == "cancelled"
    assert live_jobs() == []


def test_of_several_who_press_at_one_moment_one_starts_it(farm, monkeypatch):
    def slowly(*where):
        threading.Event().wait(0.2)  # so that all have looked before the first one starts
        return dated_folder(*where)

    monkeypatch.setattr("jobs.job.dated_folder", slowly)
    with ThreadPoolExecutor(6) as people:
        started = set(people.map(lambda _: start(farm, "sheep").id, range(6)))
    assert started == {job.id for job in list_jobs(farm)}
    assert len(started) == 1


def test_the_second_waits_for_the_first_and_can_be_cancelled_meanwhile(farm):
    first = start(farm, "sheep")
    wait_until(lambda: look(farm, first.id).state == "running")
    second, server = start(farm, "lambs"), start(farm, "sheep", kind="serve")
    wait_until(lambda: look(farm, server.id).state == "running")  # one that never ends waits for nobody
    assert look(farm, second.id).state == ("queued" if (os.cpu_count() or 2) < 4 else look(farm, second.id).state)
    cancel(farm, second.id)
    wait_until(lambda: not look(farm, second.id).is_live)
    assert (look(farm, second.id).state, look(farm, first.id).state) == ("cancelled", "running")


def test_nothing_but_another_training_waits_for_a_training(farm):
    training = start(farm, "sheep", kind="train")
    wait_until(lambda: look(farm, training.id).state == "running")
    search, added = start(farm, "lambs", kind="tune"), start(farm, "lambs")
    wait_until(lambda: look(farm, added.id).state == "running")
    if (os.cpu_count() or 2) < 4:
        assert look(farm, search.id).state == "queued"


def test_nobody_waits_for_a_download(farm):
    (farm.folder.parents[1] / "goats.py").write_text(SLEEPS)
    downloads = [start(farm, program, downloads=True) for program in ("sheep", "goats")]
    added = start(farm, "lambs")
    wait_until(lambda: all(look(farm, job.id).state == "running" for job in [*downloads, added]))


def test_the_same_work_is_begun_once_at_a_time(farm):
    job = start(farm, "sheep")
    assert start(farm, "sheep").id == job.id
    assert start(farm, "lambs").id != job.id
    cancel(farm, job.id)
    wait_until(lambda: not look(farm, job.id).is_live)
    assert start(farm, "sheep").id != job.id


@pytest.mark.parametrize(
    ("program", "state", "code", "message"),
    [("wolf", "failed", 2, "The wolf came."), ("some", "finished", 3, ""), ("nowhere", "failed", 1, "ended with an")],
)
def test_how_it_ended_is_said(farm, program, state, code, message):
    job = start(farm, program)
    wait_until(lambda: not look(farm, job.id).is_live)
    ended = look(farm, job.id)
    assert (ended.state, ended.code) == (state, code)
    assert message in ended.message
    assert ended.ended >= ended.asked


def test_a_process_that_is_killed_is_interrupted_whatever_it_wrote(farm):
    job = start(farm, "sheep")
    wait_until(lambda: look(farm, job.id).done > 0)
    os.killpg(int((job.folder / "runner.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: not is_running(job.folder))
    assert look(farm, job.id).state == "interrupted"
    assert "without a word" in look(farm, job.id).message


def test_a_job_that_cannot_write_down_its_end_says_what_it_printed(farm):
    fills = "import os, sys\nfrom pathlib import Path\n"
    fills += "(Path(os.environ['IMGCLS_PROGRESS']).with_name('end.json') / 'in the way').mkdir(parents=True)\n"
    (farm.folder.parents[1] / "flood.py").write_text(f"{fills}print('error: The disk is full.')\nsys.exit(1)")
    job = start(farm, "flood")
    wait_until(lambda: not look(farm, job.id).is_live)
    assert look(farm, job.id).message == "The disk is full."
    assert "Traceback" not in log_of(farm, job.id)


def test_what_is_forgotten_is_gone_and_what_runs_stays(farm):
    job = start(farm, "wolf")
    wait_until(lambda: look(farm, job.id).state not in LIVE)
    assert "The wolf came." in log_of(farm, job.id)
    forget(farm, job.id)
    assert list_jobs(farm) == []
    running = start(farm, "sheep")
    forget(farm, running.id)
    assert [each.id for each in list_jobs(farm)] == [running.id]
    with pytest.raises(ValueError, match="There is no job"):
        look(farm, "nothing")


def test_who_asks_before_the_program_runs_is_heard(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    try:
        sleeps = ["timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)"]
        assert runner._run(tmp_path, sleeps, asked=[True]) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)


def test_who_cancels_before_the_process_has_begun_is_heard(here):
    folder = create_project("Farm").jobs / "one"
    folder.mkdir()
    (folder / "output.log").touch()
    write_json(folder / "job.json", {"kind": "import", "title": "Sheep", "program": ["sheep"], "asked": 1.0})
    before = signal.getsignal(signal.SIGTERM)
    try:
        with (folder / "output.log").open("ab") as output:
            fcntl.flock(output, fcntl.LOCK_EX)
            cancel(open_project("farm"), "one")
            runner.main(folder)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not (folder / "progress.json").exists()
    assert look(open_project("farm"), "one").state == "cancelled"
    assert look(open_project("farm"), "one").code is None
