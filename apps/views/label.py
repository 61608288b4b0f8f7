"""Label: one image after the other with the keyboard, or many at once."""

import streamlit as st
from parts.errors import explained
from parts.labelling.batch import show_batch
from parts.labelling.choice import choose_queue
from parts.labelling.labeller import show_labeller
from parts.labelling.leaving import at_queue, save
from parts.labelling.more_queues import offer_more_queues
from parts.opened import keep, link, the_project
from projects.decisions import unsaved
from projects.open_queue import open_queue
from projects.project import Project
from projects.versions import current_number

ONE, MANY = "One by one", "Many at once"
HELP = (
    "A class's key gives the image this class and goes on. Enter confirms the class that is marked, Space takes what "
    "the model says, Z undoes, X leaves the image out, S skips it, the arrows look back and ahead, / finds or adds a "
    "class. In the grid: click or Space selects, Shift takes all between, Ctrl+A all; then press the class's key."
)


def main() -> None:
    """The page."""
    project = the_project()
    st.title("Label", help=HELP)
    number = current_number(project)
    if not number:
        st.info("There are no images in this project yet. Add some first.")
        link("data", project, "Add images on the page Data")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_queue(project, number)
        mode = _mode()
    if name:
        at_queue(project, name)
        _work(project, name, mode)
    else:
        st.info("No image waits for a label. Choose a queue above to look at labels again.")
    offer_more_queues(project, number)


@st.fragment
def _work(project: Project, name: str, mode: str) -> None:
    """What is decided runs only this part of the page again."""
    with explained():
        queue = open_queue(project, name, current_number(project))
        _offer_to_save(project)
        if mode == ONE:
            show_labeller(project, queue)
        else:
            show_batch(project, queue)


def _mode() -> str:
    modes = {"one": ONE, "many": MANY}
    asked = modes.get(st.query_params.get("mode", ""), ONE)
    chosen = st.segmented_control("How", [ONE, MANY], default=asked, key="mode of labelling", required=True)
    keep(mode="many" if chosen == MANY else None)
    return chosen


def _offer_to_save(project: Project) -> None:
    count = len(unsaved(project))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Save these labels", disabled=not count, icon=":material/save:"):
            with explained():
                save(project)
                st.rerun()
        st.caption(f"{count:,} decided and not saved yet; they are kept if the app ends." if count else "All is saved.")


main()
