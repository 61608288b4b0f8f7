"""The images themselves, and what can be done with those that are selected."""

import streamlit as st
from projects import edits, queues
from projects.chosen_rows import NO_SPLIT
from projects.class_names import joined_names
from projects.project import Project
from projects.summary import Summary
from projects.versions import manifest_of

from imgcls.counted import counted
from imgcls.data.manifest.table import SPLITS, Manifest
from parts.data.change import change
from parts.data.filters import filtered
from parts.errors import callback
from parts.grid import image_grid
from parts.large_image import show_large
from parts.opened import go, keep

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
    rows, doubts = filtered(project, number, manifest, summary, problems)
    if not rows:
        st.info("No image fits these filters. Take one away.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(rows), 'image')} shown. Click with Ctrl or Shift to select several.")
        everything = st.checkbox("Select all that are shown", key=f"all {number} {hash(tuple(rows))}")
    captions = joined_names(manifest.table[["label", "labels"]].iloc[rows]).tolist()
    if doubts:
        captions = [_said(*doubts[row], label) for row, label in zip(rows, captions, strict=True)]
    answer = image_grid("pictures", project, number, rows, captions, height=HEIGHT)
    if answer.opened is not None:
        keep(image=str(answer.opened))
    if (named := st.query_params.get("image", "")).isdigit() and int(named) < len(manifest.table):
        show_one(project, number, manifest, list(summary.classes), int(named))
    elif selected := rows if everything else answer.selected:
        show_actions(project, number, list(summary.classes), selected)


def _said(said: str, share: float, label: str) -> str:
    """What a model says of an image, and its label where that is another."""
    return f"{said or 'sure'} {100 * share:.0f} %" + (f",\nis {label}" if label and label != said else "")


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
                queue = queues.save_chosen(project, "selection", f"{many} from Data", rows, number)
                go("label", project, queue=queue)


def _close() -> None:
    keep(image=None)


@st.dialog("Image", width="large", on_dismiss=callback(_close))
def show_one(project: Project, number: int, manifest: Manifest, classes: list[str], row: int) -> None:
    """An image that was opened, large, with what is known of it."""
    show_large(project, number, manifest, row)
    show_actions(project, number, classes, [row])
