"""Images on their way: what runs, what is asked back, what came of it, what failed."""

from collections.abc import Callable
from contextlib import suppress

import streamlit as st
from jobs.job import NO_REASON, Job, forget, list_jobs
from projects import imports
from projects.imports import Question, Report
from projects.project import Project

from imgcls.counted import counted
from parts.data.starting import go_on_with, start_audit
from parts.fragment import fragment
from parts.job_strip import share
from parts.plain import plain

KINDS = ("import", "audit", "labels")  # jobs that the page Data starts
REFRESH = 1.0  # seconds
MOST_REPORTS = 3  # the latest
BOXES = {  # modes of `imgcls.labels.boxes`: what an example is, and for what
    "single": ("an image that has one class", "Images of several classes are left out."),
    "crop": ("each box, cut out", "The classifier sees one object at a time."),
    "largest": ("an image, by its largest box", "The other boxes of the image are not used."),
    "multi_label": ("an image with all its classes", "The classifier says of each class whether it is there."),
}


def show_arriving(project: Project) -> bool:
    """Everything about imports that the user has not seen to yet.

    Returns:
        Whether images are on their way, or wait for an answer.
    """
    jobs = [job for job in list_jobs(project) if job.kind in KINDS]
    live = [job for job in jobs if job.is_live]
    if live:
        _watch(project, tuple(job.id for job in live))
    for job in jobs:
        if job.state in ("failed", "interrupted"):
            _show_failed(project, job)
    running = {str(job.about.get("import", "")) for job in live}
    reports = imports.unread_reports(project)
    for job in jobs:
        name = str(job.about.get("import", ""))
        if name and job.state == "cancelled" and name not in {*running, *reports}:
            imports.close(project, name)
    for name, question in imports.open_questions(project).items():
        if name not in running:
            _ask(project, name, question)
    old = imports.overtaken(project)
    told = {name: each for name, each in reports.items() if each.says_more or name not in old}
    for name, each in list(told.items())[:MOST_REPORTS]:
        _show_report(project, name, each, is_news=name not in old)
    return bool(live) or bool(imports.open_questions(project))


@fragment(run_every=REFRESH)
def _watch(project: Project, ids: tuple[str, ...]) -> None:
    """The progress of jobs; looks at the whole page again when one of them has ended."""
    live = {job.id: job for job in list_jobs(project) if job.is_live and job.kind in KINDS}
    if set(live) != set(ids):
        st.rerun()
    for job in live.values():
        doing = "Waits until another job has ended" if job.state == "queued" else plain(job.doing) or "Starting"
        counts = f", {job.done:,} of {job.total:,}" if job.total else ""
        st.progress(share(job) or 0.0, text=f"{plain(job.title)}: {doing}{counts}")


def _show_failed(project: Project, job: Job) -> None:
    again = _again(project, job)
    st.error(f"{plain(job.title)}: {plain(job.message)}{_advice(job, again is not None)}")
    with st.container(horizontal=True):
        if again and st.button("Try again", icon=":material/refresh:", key=f"again {job.id}"):
            again()
            forget(project, job.id)
            st.rerun()
        if st.button("Close", key=f"close {job.id}"):
            if job.about.get("import"):
                imports.close(project, str(job.about["import"]))
            forget(project, job.id)
            st.rerun()


def _again(project: Project, job: Job) -> Callable[[], Job] | None:
    """What starts the same job once more; None where it is not known any more what was asked for."""
    if job.kind == "audit":
        return lambda: start_audit(project)
    with suppress(KeyError, OSError):
        name = str(job.about["import"])
        request = imports.request_of(project, name)
        return lambda: go_on_with(project, name, request)
    return None


def _advice(job: Job, can_try_again: bool) -> str:
    """What to do about a job that was killed; of others, the message says it."""
    if job.message != NO_REASON["interrupted"]:
        return ""
    if can_try_again:
        what = "Press “Try again”"
    else:
        what = "Write the labels again under Files" if job.kind == "labels" else "Add the images again"
    return f" {what}; if that ends in the same way, the memory of this computer may be too small for it."


def _ask(project: Project, name: str, question: Question) -> None:
    """The four ways of reading boxes, each with what it gives."""
    request = imports.request_of(project, name)
    ways = {way.boxes: way for way in question.ways}
    with st.container(border=True):
        st.subheader(f"{plain(request.title)}: there are boxes", anchor=False)
        st.write("Boxes can become examples in four ways. Choose one; you can add the same files in another way later.")
        names = [boxes for boxes in BOXES if boxes in ways]
        chosen = st.radio(
            "An example is",
            names,
            names.index(question.proposed),
            format_func=lambda boxes: f"{BOXES[boxes][0]}: {_counts(ways[boxes])}",
            captions=[BOXES[boxes][1] for boxes in names],
            key=f"boxes {name}",
        )
        if ways[chosen].lost and ways[chosen].why:
            st.caption(f"Most frequent reason why images are left out: {plain(ways[chosen].why)}")
        labels = _ask_crop(name) if chosen == "crop" else {}
        _show_notes(question.notes)
        with st.container(horizontal=True):
            if st.button("Add these images", type="primary", key=f"answer {name}", disabled=not ways[chosen].examples):
                go_on_with(project, name, imports.answer(project, name, chosen, **labels))
                st.rerun()
            if st.button("Do not add them", key=f"cancel {name}"):
                imports.close(project, name)
                st.rerun()


def _counts(way: imports.Way) -> str:
    if not way.examples:
        return "gives no example here"
    lost = f", {counted(way.lost, 'image')} left out" if way.lost else ""
    return f"{counted(way.examples, 'example')} of {counted(way.classes, 'class')}{lost}"


def _ask_crop(name: str) -> dict:
    left, right = st.columns(2)
    margin = left.slider("Margin around each box, in percent of its sides", 0, 100, 10, key=f"margin {name}")
    smallest = right.number_input("Smallest box, in pixels", 1, 1000, 8, key=f"smallest {name}")
    return {"box_margin": margin / 100, "min_box_side": int(smallest)}


def _show_report(project: Project, name: str, told: Report, is_news: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        (st.success if told.version and is_news else st.info)(f"{'' if is_news else 'Earlier: '}{told.what}.")
        if st.button("Close", key=f"close {name}", type="tertiary", icon=":material/close:"):
            imports.close(project, name)
            st.rerun()
    if told.otherwise:
        many = counted(told.otherwise, "file")
        st.warning(f"Known with another class than in the new files: {many}. What is here stays.")
    if told.dropped:
        shown = ", ".join(told.dropped[:5]) + (" and others" if len(told.dropped) > 5 else "")
        st.warning(f"Not kept, because their names are neither of images nor of labels: {plain(shown)}.")
    if told.unnamed:
        st.warning(
            f"Not added, because the file with the labels does not name them: {counted(told.unnamed, 'image')}. Add "
            "them without that file, and they wait for a label here; or add the file again with a line for each."
        )
    _show_notes(told.notes)
    if told.annotators:
        with st.expander("Who labelled", icon=":material/group:"):
            shares = {name: st.column_config.NumberColumn(format="percent") for name in ("agreement", "skill")}
            st.dataframe(list(told.annotators), hide_index=True, column_config=shares)


def _show_notes(notes: tuple[str, ...]) -> None:
    if notes:
        with st.expander(f"What the files say besides ({len(notes)})", icon=":material/info:"):
            st.markdown("\n".join(f"- {plain(note)}" for note in notes))
