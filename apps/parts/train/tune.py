"""A search for the settings that are best on the validation images: a job that trains many runs."""

from dataclasses import replace
from importlib.util import find_spec

import pandas as pd
import streamlit as st
from jobs.job import Job, cancel, list_jobs, start_job
from projects.project import Project
from projects.versions import file_of_version
from safety import allowed_paths

from imgcls.cli.flags import Place
from imgcls.config import TrainConfig
from imgcls.config_file import save_toml
from imgcls.counted import counted
from imgcls.run_folder import RunFolder
from parts.config_form import worded
from parts.errors import explained
from parts.fragment import fragment
from parts.person import who
from parts.plain import plain
from parts.train.state import changes

KIND = "tune"
REFRESH = 3.0  # seconds
SEARCHED: dict[str, tuple[Place, str]] = {  # by its name on the page: the field, and the values that are tried
    "Learning rate": (("training", "learning_rate"), "1e-4:1e-2"),
    "Weight decay": (("training", "weight_decay"), "1e-4:1e-1"),
    "Label smoothing": (("training", "label_smoothing"), "0:0.2"),
    "Dropout": (("network", "dropout"), "0:0.5"),
    "Augmentation": (("input", "augmentation"), "light,standard,strong"),
    "Optimizer": (("training", "optimizer"), "adamw,sgd"),
}


def offer_search(project: Project, version: int, config: TrainConfig) -> None:
    """Ask what is to be tried and how often, start it, and show what was found."""
    if find_spec("optuna") is None:
        st.info("A search needs Optuna. Ask who installed this app to add it: pip install imgcls[tune]")
        return
    st.write("Trains many runs with other settings, ends hopeless ones early, and says which did best on validation.")
    usual = ["Learning rate", "Label smoothing"]
    names = st.multiselect("What is tried", list(SEARCHED), usual, select_all=False)  # Enter would choose it
    trials = st.slider("Runs", 2, 50, 10, help="Each takes as long as the run above, or less if it is ended early.")
    is_at_work = any(job.is_live and job.kind == KIND for job in list_jobs(project))
    if st.button("Search", icon=":material/search:", disabled=not names or is_at_work):  # then no click counts
        with explained():
            _start(project, version, config, names, trials)
            st.rerun()
    _follow(project)


def _start(project: Project, version: int, config: TrainConfig, names: list[str], trials: int) -> None:
    allowed_paths.check_config(config)
    number = 1
    while (project.runs / f"search-{number}").exists():
        number += 1
    study = f"search-{number}"
    (project.runs / study).mkdir(parents=True)
    file = project.runs / ".asked" / f"{study}.toml"
    data = str(file_of_version(project, version))
    save_toml(replace(config, name="", runs=str(project.runs), input=replace(config.input, data=data)), file)
    search = [f"{SEARCHED[name][0][1]}={SEARCHED[name][1]}" for name in names]
    program = ("imgcls.tune", "--config", str(file), "--study", study, "--trials", str(trials), "--search", *search)
    about = {"study": study, "version": version, "trials": trials, "searched": names}
    start_job(project, KIND, f"Search {study}", program, allowed_paths.environment(), about, who())


def _follow(project: Project) -> None:
    job = next((job for job in list_jobs(project) if job.kind == KIND), None)
    if job is None:
        return

    @fragment(run_every=REFRESH if job.is_live else None)
    def look_again() -> None:
        now = next((each for each in list_jobs(project) if each.id == job.id), None)
        if now is None or (job.is_live and not now.is_live):
            st.rerun()
        _show(project, now)

    look_again()


def _show(project: Project, job: Job) -> None:
    table = trials_of(project, job)
    total = int(job.about.get("trials", 0))
    if job.is_live:
        st.progress(min(1.0, len(table) / max(1, total)), text=f"{counted(len(table), 'run')} of {total} begun")
        if st.button("Stop the search", icon=":material/stop:"):
            cancel(project, job.id)
            st.rerun()
    elif job.message:
        st.warning(plain(worded(job.message)))
    if table.empty:
        return
    st.dataframe(table, hide_index=True)
    if not job.is_live and st.button("Take the settings of the best", icon=":material/check:"):
        for name in job.about.get("searched", []):
            changes(project)[SEARCHED[name][0]] = table.iloc[0][name]
        for key in [key for key in st.session_state if str(key).startswith("setting ")]:
            del st.session_state[key]
        st.rerun()


def trials_of(project: Project, job: Job) -> pd.DataFrame:
    """The runs of a search, the best on validation first.

    Args:
        project: Whose search it is.
        job: The job that works on it.
    """
    rows = []
    folder = project.runs / str(job.about["study"])
    runs = [RunFolder(file.parent) for file in sorted(folder.glob("trial-*/config.toml"))]
    for run in runs:
        kept, metric, config = run.kept_epoch(), run.best_metric, run.config
        value = kept.get(metric.on_validation)
        searched = {name: _value(config, SEARCHED[name][0]) for name in job.about.get("searched", [])}
        rank = float("-inf") if value is None else metric.rank(value)
        shown = "-" if value is None else metric.shown(value)
        state = how_it_stands(run.state(), job, is_last=run is runs[-1])
        said = {"Run": run.path.name, f"Validation {metric.title}": shown, "State": state}
        rows.append({"rank": rank, **said, **searched})
    table = pd.DataFrame(rows)
    return table if table.empty else table.sort_values("rank", ascending=False).drop(columns="rank")


def how_it_stands(state: str, job: Job, is_last: bool) -> str:
    """How a run of a search stands, in a few words.

    Args:
        state: Of the run; one that was hopeless was interrupted by the search, which went on with another.
        job: The search.
        is_last: Whether the search began no run after it.
    """
    if state in ("interrupted", "died"):
        search_was_stopped = not job.is_live and job.state != "finished"
        return "broken off" if is_last and search_was_stopped else "ended early"
    return {"finished": "finished", "failed": "failed", "unknown": ""}.get(state, "at work")


def _value(config: TrainConfig, place: Place) -> object:
    return getattr(getattr(config, place[0]), place[1])
