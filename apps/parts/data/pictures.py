"""The images themselves, with filters, and what can be done with those that are selected."""

from html import escape

import streamlit as st
from images.addresses import picture_address
from projects import edits, queues
from projects.chosen_rows import NO_SPLIT, STATES, chosen_rows
from projects.project import Project
from projects.summary import Summary
from projects.versions import manifest_of

from imgcls.counted import counted
from imgcls.data.audit import KINDS
from imgcls.data.manifest.table import SPLITS, Manifest
from parts.data.change import change
from parts.grid import image_grid
from parts.opened import go, keep
from parts.plain import plain

HEIGHT = 560  # pixels


def show_pictures(project: Project, number: int, summary: Summary, problems: dict[str, list[int]]) -> None:
    """Filters, the grid, and actions on the selection.

    Args:
        project: The project.
        number: The version that is shown.
        summary: Its numbers.
        problems: Rows of each kind of finding.
    """
    manifest = manifest_of(project, number)
    rows = _filtered(manifest, summary, problems)
    if not rows:
        st.info("No image fits these filters. Take one away.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(rows), 'image')} shown. Click with Ctrl or Shift to select several.")
        everything = st.checkbox("Select all that are shown", key=f"all {number} {hash(tuple(rows))}")
    captions = manifest.table["label"].to_numpy()[rows]
    answer = image_grid("pictures", project, number, rows, captions, height=HEIGHT)
    if answer.opened is not None:
        keep(image=str(answer.opened))
    if (named := st.query_params.get("image", "")).isdigit() and int(named) < len(manifest.table):
        show_one(project, number, manifest, list(summary.classes), int(named))
    elif selected := rows if everything else answer.selected:
        show_actions(project, number, list(summary.classes), selected)


def _filtered(manifest: Manifest, summary: Summary, problems: dict[str, list[int]]) -> list[int]:
    """The rows that the filters let through; what is chosen stands in the address."""
    with st.container(horizontal=True):
        classes = st.multiselect(
            "Class", summary.classes, key="class", bind="query-params", placeholder="All classes", width=300
        )
        splits = st.pills("Split", [*SPLITS, NO_SPLIT], selection_mode="multi", key="split", bind="query-params")
        states = st.pills("State", STATES, selection_mode="multi", key="state", bind="query-params")
    kind = None
    if problems:
        kind = st.pills(
            "Problem",
            list(problems),
            format_func=lambda kind: KINDS[kind].title,
            key="problem",
            bind="query-params",
        )
    return chosen_rows(manifest, classes, splits, states, problems[kind] if kind else None)


def show_actions(project: Project, number: int, classes: list[str], rows: list[int]) -> None:
    """What can be done with images that are selected."""
    many = counted(len(rows), "image")
    with st.container(border=True):
        st.markdown(f"**{many} selected**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = st.selectbox(
                "Class of these images", classes, None, accept_new_options=True, placeholder="Choose or type", width=240
            )
            if st.button("Give this class", disabled=not label):
                change(project, number, f"{many} labelled {label}", lambda m: edits.set_label(m, rows, label))
            split = st.selectbox("Split of these images", [*SPLITS, NO_SPLIT], None, placeholder="Choose", width=180)
            if st.button("Put into this split", disabled=not split):
                to = "" if split == NO_SPLIT else split
                change(project, number, f"{many} moved to {split}", lambda m: edits.set_split(m, rows, to))
        with st.container(horizontal=True):
            if st.button("Leave out", icon=":material/visibility_off:"):
                change(project, number, f"{many} left out", lambda m: edits.set_aside(m, rows))
            if st.button("Bring back", icon=":material/visibility:"):
                change(project, number, f"{many} brought back", lambda m: edits.bring_back(m, rows))
            if st.button("Send to Label", icon=":material/label:"):
                go("label", project, queue=queues.save_queue(project, "selection", f"{many} from Data", rows, number))


def _close() -> None:
    keep(image=None)


@st.dialog("Image", width="large", on_dismiss=_close)
def show_one(project: Project, number: int, manifest: Manifest, classes: list[str], row: int) -> None:
    """An image that was opened, large, with what is known of it."""
    facts = manifest.table.loc[row]
    st.html(
        f'<img src="{picture_address(project, number, row, 1024)}" alt="{escape(facts["image"])}" '
        'style="width:100%;max-height:60vh;object-fit:contain;image-rendering:auto">'
    )
    size = f"{facts['width']:,} x {facts['height']:,} pixels" if facts["width"] else ""
    known = {
        "Class": ", ".join(facts["labels"]),
        "Split": facts["split"],
        "Problem": facts["problems"],
        "Size": size,
        "Format": facts["format"],
        "Belongs to": facts["group"],
        "Labelled by": facts["annotators"],
        "File": facts["image"],
    }
    st.markdown("  \n".join(f"**{name}:** {plain(str(fact))}" for name, fact in known.items() if fact))
    show_actions(project, number, classes, [row])
