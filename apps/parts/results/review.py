"""The search for wrong labels among all images of a run: a job, whose answer is a queue for the page Label."""

import streamlit as st
from projects.judged_run import JudgedRun
from projects.open_queue import WRONG
from projects.run_doubts import looks_wrong
from projects.versions import current_number

from imgcls.counted import counted
from imgcls.files import read_json
from parts.opened import go
from parts.results.job_of_run import follow_or, start_job_of

KIND = "review"


def offer_review(judged: JudgedRun) -> None:
    """A button that starts the search, or that sends to Label what it found; in between, how far it is."""
    unfinished = "The search for wrong labels did not come to its end."
    follow_or(judged, KIND, "Looking for wrong labels.", unfinished, lambda: _show(judged))


def _show(judged: JudgedRun) -> None:
    if found := read_json(judged.folder.review_file):
        _offer_queue(judged, found)
    elif not judged.table.is_multi_label:
        _offer_search(judged)


def _offer_search(judged: JudgedRun) -> None:
    tip = "Looks through all labels, those of training too: each is held against models that have not seen it."
    if st.button("Find wrong labels", icon=":material/find_in_page:", help=tip):
        program = ("imgcls.review", str(judged.folder.path))
        start_job_of(judged, KIND, f"Wrong labels by {judged.name}", program)


def _offer_queue(judged: JudgedRun, found: dict) -> None:
    wrong = looks_wrong(judged.project, judged.name, current_number(judged.project))
    label = f"Check {counted(len(wrong), 'likely wrong label')}"
    if not wrong:
        st.button("No label looks wrong", icon=":material/rule:", disabled=True, help=_said(found))
    elif st.button(label, icon=":material/rule:", help=_said(found)):
        go("label", judged.project, queue=f"{WRONG}{judged.name}")


def _said(found: dict) -> str:
    text = f"Of {counted(found.get('judged', 0), 'label')}, {found.get('looks_wrong', 0):,} look wrong."
    share_wrong = found.get("share")
    if share_wrong:
        low, high = (100 * share_wrong[end] for end in ("low", "high"))
        text += f" An estimated {100 * share_wrong['estimate']:.1f} % of all labels are ({low:.1f} to {high:.1f} %)."
    return text
