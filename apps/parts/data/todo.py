"""What the audit found, as a list of things to do, with the images and buttons that do them."""

from collections.abc import Sequence
from html import escape

import streamlit as st
from images.addresses import picture_addresses
from projects import edits, queues
from projects.audits import (
    LABELS_DIFFER,
    OF_CLASSES,
    OF_FILES,
    Task,
    ask_again,
    audited_version,
    fine_tasks,
    found_right,
    labels_differ,
    to_leave_out,
)
from projects.project import Project
from projects.versions import manifest_of

from imgcls.counted import counted
from imgcls.data.audit import KINDS
from imgcls.data.manifest.table import Manifest
from parts.data.change import change
from parts.data.starting import start_audit
from parts.errors import in_page
from parts.opened import go
from parts.plain import plain

LAST = "kind of finding"  # in the session: the one that was worked on last
A_PAGE, MOST_IMAGES = 8, 6  # findings; images of one
MOST_FINE = 50  # findings that are listed with a way back
ICONS = {"error": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}
ADVICE = {  # in the words of the page, where the library names flags
    "unusable": "These files are not used. Mend them and add them again, or leave it at that.",
    "too large": "These files are not used. Make them smaller and add them again, or leave it at that.",
    "same image in two splits": "What a result is measured on must not be learned. Leave out the copies: the one in "
    "the test or validation images stays.",
    "same image, two labels": "Decide on one label, or leave the images out.",
    "empty box": "Nothing is in these boxes. Leave them out.",
    "class not in a split": "Move images of the class into the split, or merge or drop the class.",
    "too few for a class": "Add images of the class, or merge or drop it.",
    "names alike": "Make them one class, if they are one.",
    "box outside": "Look whether the box fits; what lies outside is cut off.",
    "exact copies": "Leave out the copies: one of each stays.",
    "near copies": "Leave out the copies: the largest stays.",
    "turned copies": "Leave out the copies: the largest stays. Training mirrors images by itself.",
    "turned copies, two labels": "Right where a class is a direction: then train without mirroring. Else mend a label.",
    "dark": "Look whether anything can be seen; if not, leave it out.",
    "light": "Look whether anything can be seen; if not, leave it out.",
    "blurred": "Look whether the object can be recognised; if not, leave it out.",
}


def show_todo(project: Project, number: int, tasks: dict[str, list[Task]]) -> None:
    """One kind of finding at a time, the gravest first, and what was found to be fine."""
    fine = fine_tasks(project, number)
    if not audited_version(project, number):
        st.info("Nobody has looked for problems yet.")
    elif not tasks:
        all_is_well = "no copies, no damaged files, no class too small"
        st.success(f"Nothing is left to do: {'what there is was found to be fine' if fine else all_is_well}.")
    if st.button("Look for problems again", icon=":material/search:"):
        start_audit(project)
        st.rerun()
    if tasks:
        _show_one_kind(project, number, tasks)
    if fine:
        _show_fine(project, fine)


def _show_one_kind(project: Project, number: int, tasks: dict[str, list[Task]]) -> None:
    before = st.session_state.get(LAST)
    kind = st.pills(
        "To do",
        list(tasks),
        default=before if before in tasks else next(iter(tasks)),
        required=True,
        format_func=lambda kind: f"{ICONS[KINDS[kind].severity]} {KINDS[kind].title} ({len(tasks[kind]):,})",
        key=f"to do {number}",
    )
    st.session_state[LAST] = kind
    _show_kind(project, number, kind, tasks[kind])


def _show_fine(project: Project, fine: dict[str, list[Task]]) -> None:
    """What a person wants nothing done about, with the way back."""
    every = [task for tasks in fine.values() for task in tasks]
    with st.expander(f"Found to be fine ({len(every):,})", icon=":material/check:"):
        if len(every) > 1 and st.button("Put all back on the list"):
            ask_again(project, every)
            st.rerun()
        for task in every[:MOST_FINE]:
            with st.container(horizontal=True, vertical_alignment="center"):
                title = KINDS[task.kind].title
                st.markdown(f"{plain(title)}: {in_page(task.why)}")
                if st.button("Put back", key=f"back {task.key}", help="It is to be done again."):
                    ask_again(project, [task])
                    st.rerun()
        if len(every) > MOST_FINE:
            st.caption(f"and {len(every) - MOST_FINE:,} more")


def _show_kind(project: Project, number: int, kind: str, tasks: Sequence[Task]) -> None:
    manifest = manifest_of(project, number)
    st.write(ADVICE.get(kind, KINDS[kind].advice))
    _for_all(project, number, kind, tasks, manifest)
    pages = -(-len(tasks) // A_PAGE)
    page = st.pagination(pages, key=f"page of {kind} {number}") if pages > 1 else 1
    for task in tasks[(page - 1) * A_PAGE : page * A_PAGE]:
        with st.container(border=True):
            st.markdown(in_page(task.why))
            if task.rows and kind not in OF_CLASSES:
                st.html(_images(project, number, manifest, task.rows[:MOST_IMAGES]))
            _actions(project, number, task, manifest)


def _for_all(project: Project, number: int, kind: str, tasks: Sequence[Task], manifest: Manifest) -> None:
    """Buttons for all findings of the kind."""
    if len(tasks) < 2:
        return
    these = f"{kind} {number} {hash(tuple(task.key for task in tasks))}"  # a click is for what was shown with it
    with st.container(horizontal=True):
        if kind not in OF_CLASSES | OF_FILES:
            rows = to_leave_out(tasks, manifest)
            if rows and st.button(f"Leave out all {len(rows):,}", key=f"leave out all {these}"):
                what = f"{counted(len(rows), 'image')} left out ({KINDS[kind].title.lower()})"
                change(project, number, what, lambda m: edits.set_aside(m, rows))
        if st.button(f"All {len(tasks):,} are fine", key=f"fine all {these}"):
            found_right(project, tasks)
            st.rerun()


def _actions(project: Project, number: int, task: Task, manifest: Manifest) -> None:
    with st.container(horizontal=True):
        if task.kind == "names alike":
            _merge(project, number, task)
        elif task.kind not in OF_CLASSES | OF_FILES:
            rows = to_leave_out([task], manifest)
            what = "Leave out" if len(rows) in (1, len(task.rows)) else f"Leave out {len(rows):,}"
            if rows and st.button(what, key=f"leave out {task.key}"):
                said = f"{counted(len(rows), 'image')} left out ({KINDS[task.kind].title.lower()})"
                change(project, number, said, lambda m: edits.set_aside(m, rows))
            apart = task.kind not in LABELS_DIFFER and not rows and labels_differ(task, manifest)
            if apart:
                st.caption("Their labels differ, so none is left out before a label is decided.")
            if (apart or task.kind in LABELS_DIFFER) and st.button("Decide in Label", key=f"label {task.key}"):
                name, title = f"audit {task.key}", KINDS[task.kind].title
                go("label", project, queue=queues.save_queue(project, name, title, list(task.rows), number))
        if st.button("It is fine", key=f"fine {task.key}"):
            found_right(project, [task])
            st.rerun()


def _merge(project: Project, number: int, task: Task) -> None:
    into, *others = task.names
    if st.button(f"Make them one: {plain(into)}", key=f"merge {task.key}"):
        what = f"{', '.join(others)} merged into {into}"
        change(project, number, what, lambda m: edits.merge_classes(m, task.names, into))


def _images(project: Project, number: int, manifest: Manifest, rows: Sequence[int]) -> str:
    address = picture_addresses(project, number)
    table = manifest.table
    shown = "".join(
        f'<figure style="margin:0;width:110px"><img loading="lazy" src="{address.format(row=row)}" '
        f'alt="{escape(table["image"][row])}" title="{escape(table["image"][row])}" '
        'style="width:110px;height:110px;object-fit:contain;background:rgba(128,128,128,.18);border-radius:4px">'
        f'<figcaption style="font-size:.8rem;overflow-wrap:anywhere">{escape(_named(table, row))}</figcaption></figure>'
        for row in rows
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{shown}</div>'


def _named(table, row: int) -> str:
    facts = [", ".join(table["labels"][row]), table["split"][row]]
    return ", ".join(filter(None, facts))
