"""A search for better settings: its runs, the best on validation first."""

from dataclasses import replace

from jobs.job import Job
from parts.train import tune
from parts.train.tune import trials_of
from projects.project import create_project
from streamlit.testing.v1 import AppTest

from imgcls.config import TrainConfig
from imgcls.run_folder import RunFolder


def test_the_runs_of_a_search_are_shown_the_best_first(here):
    project = create_project("Shoes")
    for number, accuracy in enumerate([0.5, 0.8, 0.6]):
        base = TrainConfig(name=f"trial-000{number}", runs=str(project.runs / "search-1"))
        run = RunFolder.create(replace(base, training=replace(base.training, learning_rate=0.001 * (number + 1))))
        values = {"loss": 1.0, "accuracy": accuracy, "val_loss": 1.0, "val_accuracy": accuracy}
        run.append_metrics({"epoch": 1, **values})
    job = Job("shoes", "1", "tune", "Search", "finished", about={"study": "search-1", "searched": ["Learning rate"]})
    table = trials_of(project, job)
    assert table["Run"].tolist() == ["trial-0001", "trial-0002", "trial-0000"]
    assert table["Validation accuracy"].tolist() == ["80.0 %", "60.0 %", "50.0 %"]
    assert table.iloc[0]["Learning rate"] == 0.002


def test_of_a_search_that_was_stopped_the_last_run_is_said_to_be_broken_off(here):
    project = create_project("Shoes")
    for number, state in enumerate(["finished", "interrupted", "interrupted"]):
        run = RunFolder.create(TrainConfig(name=f"trial-000{number}", runs=str(project.runs / "search-1")))
        run.write_status(state)
        values = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5 + number / 10}
        run.append_metrics({"epoch": 1, **values})
    states = {}
    for state in ("cancelled", "running"):
        job = Job("shoes", "1", "tune", "Search", state, about={"study": "search-1", "searched": ["Learning rate"]})
        states[state] = trials_of(project, job).set_index("Run")["State"].to_dict()
    ended = {"trial-0000": "finished", "trial-0001": "ended early"}
    assert states["cancelled"] == {**ended, "trial-0002": "broken off"}
    assert states["running"] == {**ended, "trial-0002": "ended early"}


def test_a_second_click_starts_no_second_search(here, monkeypatch):
    project, started = create_project("Shoes"), []
    monkeypatch.setattr(tune, "list_jobs", lambda project: started)
    monkeypatch.setattr(tune, "start_job", lambda *facts: started.append(Job("shoes", "1", "tune", "", "running")))
    monkeypatch.setattr(tune, "file_of_version", lambda project, version: project.folder / "1.parquet")
    monkeypatch.setattr(tune, "_follow", lambda project: None)

    def page(project):
        from parts.train.tune import offer_search

        from imgcls.config import TrainConfig

        offer_search(project, 1, TrainConfig())

    shown = AppTest.from_function(page, args=(project,)).run()
    search = next(button for button in shown.button if button.label == "Search")
    search.click().run()
    search.click().run()  # the same button, before the page has followed
    assert not shown.exception
    assert len(started) == 1
