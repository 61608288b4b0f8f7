"""What to do next: what the figures advise, as buttons that do it."""

import shlex
from functools import lru_cache
from itertools import pairwise

import pandas as pd
import streamlit as st
from projects.judged_run import JudgedRun
from projects.queues import save_chosen
from projects.versions import NO_LABEL, current_number, file_of_version, manifest_of
from worker.client import call

from imgcls.evaluation.pages.section import NextStep
from imgcls.evaluation.report.next_steps import Trained, report_steps
from parts.opened import go
from parts.plain import plain
from parts.results.review import offer_review
from parts.train.state import changes

OPEN = 4  # runs whose steps are kept in memory
MOST = 400  # images without a label that are looked at
CHANGES = {  # flag of what a step would have one type: the setting on Train
    "--epochs": ("training", "epochs"),
    "--augmentation": ("input", "augmentation"),
    "--image-size": ("input", "image_size"),
}


def show_next_steps(judged: JudgedRun) -> None:
    """The buttons, and below them why."""
    steps = advised(judged)
    st.markdown("**What to do next**")
    with st.container(horizontal=True):
        _offer_more(judged)
        offer_review(judged)
        for place, step in enumerate(steps):
            _offer_training(judged, step, f"step {place}")
        if st.button("Deploy it", icon=":material/rocket_launch:", help="Good enough? Then other programs can ask it."):
            go("deploy", judged.project, run=judged.name)
    if steps:
        with st.expander("What the figures advise, the step that might bring most first"):
            for step in steps:
                st.markdown(f"- **{plain(step.what)}.** {plain(step.why)}")


@lru_cache(maxsize=OPEN)
def advised(judged: JudgedRun) -> list[NextStep]:
    """What the figures of the run advise, as the report has it; it is read from the saved predictions."""
    run = judged.folder
    size = run.config.input.image_size
    counts = {} if judged.table.is_multi_label else _trained_on(judged)
    return report_steps(judged.table, Trained(str(run.path), run.config.input.data, run.metrics(), counts, size))


def _trained_on(judged: JudgedRun) -> dict[str, int]:
    """Training images of each class. Only these columns are read: the others take a hundred times the memory."""
    rows = pd.read_parquet(judged.folder.manifest_file, columns=["label", "split", "problems"])
    return rows.loc[(rows["split"] == "train") & (rows["problems"] == ""), "label"].value_counts().to_dict()


def _offer_training(judged: JudgedRun, step: NextStep, key: str) -> None:
    """A button that opens Train with what the step would change, where it would."""
    words = shlex.split(step.command)
    if words[2:3] != ["imgcls.train"]:
        return
    label = "Train longer" if "--epochs" in words else step.what.partition(",")[0].partition(";")[0]
    if st.button(plain(label), icon=":material/model_training:", help=plain(step.why), key=key):
        for word, value in pairwise(words):
            if word in CHANGES:
                changes(judged.project)[CHANGES[word]] = int(value) if value.isdecimal() else value
        go("train", judged.project)


def _offer_more(judged: JudgedRun) -> None:
    """A button that leads to where more images of the weakest class are labelled."""
    if judged.answers.right.all() or not judged.weakest:
        return
    name = judged.weakest[0].name
    tip = "Opens the images without a label that look most like it; where there are none, the page to add some."
    if st.button(f"Label more of {plain(name)}", icon=":material/add_photo_alternate:", help=tip):
        _find_more(judged, name)


def _find_more(judged: JudgedRun, name: str) -> None:
    project, number = judged.project, current_number(judged.project)
    problems = manifest_of(project, number).table["problems"] if number else pd.Series(dtype=str)
    waiting = problems[problems == NO_LABEL]
    if waiting.empty:
        go("data", project, add="pictures")
    rows = waiting.sample(min(MOST, len(waiting)), random_state=0).sort_index().index.tolist()
    with st.spinner(f"Looking for {plain(name)} among the images without a label"):
        run, manifest = (str(path.absolute()) for path in (judged.folder.path, file_of_version(project, number)))
        found = call("suggest.likely", run=run, manifest=manifest, rows=rows, class_name=name)
    title, said = f"Perhaps {name}, by {judged.name}", dict(zip(found["rows"], found["classes"], strict=True))
    go("label", project, queue=save_chosen(project, title, title, found["rows"], number, said))
