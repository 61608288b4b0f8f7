"""Takes runs and exported models of the command line into the project."""

from pathlib import Path

import streamlit as st
from jobs.runs import check_name
from projects.models import BUNDLE
from projects.project import Project
from projects.taken_in import found_here, is_run, take_bundle, take_run
from safety import allowed_paths

from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder
from parts.errors import explained
from parts.opened import go, keep


def offer_to_take_in(project: Project) -> None:
    """Ask for a folder, and copy it."""
    with st.expander("Take in a run or an exported model from the server", icon=":material/move_to_inbox:"):
        st.write("The folder is copied into this project; what lies on the server stays as it is.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            typed = st.selectbox(
                "Folder of a run or of an exported model",
                [str(path) for path in found_here(Path())],
                None,
                accept_new_options=True,
                placeholder="Choose one, or type its path",
                width=420,
            )
            pressed = st.button("Take it in", disabled=not typed)
        if pressed:
            with explained():
                with st.spinner("Copying"):
                    run, bundle = taken_in(project, allowed_paths.typed_path(str(typed).strip()))
                if run:
                    keep(run=run)
                    st.rerun()
                go("predict", project, model=f"{BUNDLE}:{bundle}")


def taken_in(project: Project, folder: Path) -> tuple[str, str]:
    """Copy a run or an exported model; returns the name of the run, or that of the model.

    Raises:
        ValueError: It is neither, lies outside of what the app may read, or its network or images do.
    """
    allowed_paths.check_path(folder)
    if not is_run(folder):
        return "", take_bundle(project, folder)
    check_name(folder.resolve().name)
    run = RunFolder(folder)
    allowed_paths.check_model(run.config.network.model)
    if run.manifest_file.is_file():
        allowed_paths.check_images(Manifest.load(run.manifest_file), str(folder))
    return take_run(project, folder), ""
