"""What more images would bring: a job measures it, and the curve stands on the page once it is there."""

import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.files import read_json
from parts.results.findings import show_finding
from parts.results.job_of_run import follow_or, start_job_of

KIND = "learning curve"
TIP = (
    "How the accuracy grows with the training images, and what twice as many would bring. Takes about as long as to "
    "name all images of training and validation once, and a minute."
)


def show_learning_curve(judged: JudgedRun) -> None:
    """The curve, or a button that has it measured; in between, how far it is."""
    unfinished = "The learning curve was not measured to its end."
    follow_or(judged, KIND, "Measuring the learning curve.", unfinished, lambda: _show(judged))


def _show(judged: JudgedRun) -> None:
    if found := read_json(judged.folder.learning_curve_file):
        show_finding(KIND, found)
    elif not judged.table.is_multi_label:
        _offer(judged)


def _offer(judged: JudgedRun) -> None:
    st.subheader("Would more images help?", anchor=False)
    if st.button("Measure the learning curve", icon=":material/trending_up:", help=TIP):
        program = ("imgcls.evaluate", str(judged.folder.path), "--learning-curve")
        start_job_of(judged, KIND, f"Learning curve of {judged.name}", program)
