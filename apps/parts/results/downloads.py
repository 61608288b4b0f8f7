"""What can be taken away: the report, the model card, and the answers as a table."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st
from projects.judged_run import JudgedRun

from parts.results.answers_table import answers_table
from parts.spreadsheet import TIP, for_spreadsheets
from parts.theme import is_dark


def show_downloads(judged: JudgedRun) -> None:
    """A button for each file, which is made or read when it is pressed; the report on the page below."""
    run = judged.folder
    predictions = run.predictions_file("test")
    with st.container(horizontal=True):
        if run.report_file.is_file():
            _button("Download the report", judged, run.report_file.name, run.report_file.read_bytes, "text/html")
        if run.model_card_file.is_file():
            card = run.model_card_file
            _button("Download the model card", judged, card.name, card.read_bytes, "text/markdown")
        _button("Download the answers", judged, "answers.csv", partial(_answers, judged), "text/csv", TIP)
        if predictions.is_file():
            kind, tip = "application/vnd.apache.parquet", "All that is known of each image, for programs."
            _button("Download the answers as Parquet", judged, predictions.name, predictions.read_bytes, kind, tip)
    if run.report_file.is_file() and st.toggle("Show the report here"):
        _show_report(run.report_file)


def _show_report(file: Path) -> None:
    """The report, light or dark as the page is, and without commands: who reads it here has no command line."""
    shown = f'<html data-theme="{"dark" if is_dark() else "light"}" data-commands="hidden"'
    st.iframe(file.read_text("utf-8").replace("<html", shown, 1), height=720, alt="The report")


def _answers(judged: JudgedRun) -> bytes:
    return for_spreadsheets(answers_table(judged))


def _button(label: str, judged: JudgedRun, name: str, made: Callable[[], bytes], kind: str, tip: str = "") -> None:
    name = f"{judged.name}-{name}"
    st.download_button(label, made, name, kind, icon=":material/download:", help=tip or None, on_click="ignore")
