"""What can be taken away: the report, the model card, and the table of predictions."""

from pathlib import Path

import streamlit as st
from projects.judged_run import JudgedRun

from parts.theme import is_dark


def show_downloads(judged: JudgedRun) -> None:
    """A button for each file, which is read when it is pressed; the report on the page below."""
    run = judged.folder
    files = {
        "Download the report": (run.report_file, "text/html"),
        "Download the model card": (run.model_card_file, "text/markdown"),
        "Download the answers": (run.predictions_file("test"), "application/vnd.apache.parquet"),
    }
    with st.container(horizontal=True):
        for label, (file, kind) in files.items():
            if file.is_file():
                _button(judged, label, file, kind)
    if run.report_file.is_file() and st.toggle("Show the report here"):
        _show_report(run.report_file)


def _show_report(file: Path) -> None:
    """The report, light or dark as the page is, and without commands: who reads it here has no command line."""
    shown = f'<html data-theme="{"dark" if is_dark() else "light"}" data-commands="hidden"'
    st.iframe(file.read_text("utf-8").replace("<html", shown, 1), height=720, alt="The report")


def _button(judged: JudgedRun, label: str, file: Path, kind: str) -> None:
    name = f"{judged.name}-{file.name}"
    st.download_button(label, file.read_bytes, name, kind, icon=":material/download:", on_click="ignore")
