"""Label: one image after the other with the keyboard, or many at once."""

import streamlit as st
from parts.addressed import addressed, keep_field
from parts.errors import explained
from parts.fragment import fragment
from parts.labelling.again import offer_again
from parts.labelling.batch import show_batch
from parts.labelling.choice import choose_queue
from parts.labelling.labeller import show_labeller
from parts.labelling.leaving import at_queue, save
from parts.labelling.more_queues import offer_more_queues
from parts.labelling.own import begin
from parts.opened import keep, link, the_project
from projects.fold_decisions import unsaved_rows
from projects.open_queue import open_queue
from projects.project import Project
from projects.summary import has_several
from projects.versions import current_number

MODES = {"one": "One by one", "many": "Many at once"}
HELP = (
    "A class's key gives the image this class and goes on; where an image may have several, it marks the class, and "
    "Enter confirms those that are marked. Space takes what the model says, Z undoes, X leaves the image out, S skips "
    "it, the arrows look back and ahead, / finds or adds a class. In the grid: click or Space selects, Shift takes all "
    "between, Ctrl+A all; then press the class's key. A double click or Enter opens an image."
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
        several = _several(project, number)
    if name:
        at_queue(project, name)
        _work(project, name, mode, several)
    else:
        st.info("No image waits for a label, and none that can be used has one. Add images, or bring some back.")
        link("data", project, "Go to Data")
    offer_more_queues(project, number)


@fragment()
def _work(project: Project, name: str, mode: str, several: bool) -> None:
    """What is decided runs only this part of the page again."""
    queue = open_queue(project, name, current_number(project))
    if queue.note:
        st.caption(queue.note)
    begin(project)
    _offer_to_save(project)
    if mode == "one":
        show_labeller(project, queue, several)
    else:
        show_batch(project, queue, several)
    offer_again(project, queue)


def _mode() -> str:
    key = addressed("mode", list(MODES), "one")
    chosen = st.segmented_control("How", list(MODES), key=key, format_func=MODES.__getitem__, required=True)
    keep_field("mode", None if chosen == "one" else chosen)
    return chosen


def _several(project: Project, number: int) -> bool:
    """Whether an image may have several classes: as the data has it, until somebody says otherwise."""
    known = has_several(project, number)
    asked = {"1": True, "0": False}.get(st.query_params.get("several", ""), known)
    chosen = st.toggle("Several classes per image", asked, key=f"several {project.name} {known}")
    keep(several=None if chosen == known else str(int(chosen)))
    return chosen


def _offer_to_save(project: Project) -> None:
    count = len(unsaved_rows(project))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Save these labels", disabled=not count, icon=":material/save:"):
            with explained():
                save(project)
                st.rerun()
        st.caption(f"{count:,} decided and not saved yet; they are kept if the app ends." if count else "All is saved.")


main()
