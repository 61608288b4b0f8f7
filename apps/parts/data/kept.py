"""Files that were dropped on the page, what they take on the disk, and a way to delete them."""

import streamlit as st
from projects.kept_files import delete_kept, kept_files
from projects.project import Project
from projects.versions import manifest_of

from imgcls.counted import counted
from parts.home.manage import size_in_words
from parts.plain import plain


def show_kept(project: Project, number: int) -> None:
    """A row for each folder of files that were dropped together."""
    st.subheader("Files that were dropped here", anchor=False)
    found = kept_files(project, manifest_of(project, number))
    if not found:
        st.caption("None: all images lie in folders of the server.")
    for kept in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            used = f"{counted(kept.used, 'image')} of this version" if kept.used else "not used in this version"
            st.markdown(f"**{plain(kept.title)}**  \n{counted(kept.files, 'file')}, {size_in_words(kept.size)}, {used}")
            sure = kept.used == 0 or st.checkbox("Delete images in use too", key=f"sure {kept.folder.name}")
            if st.button("Delete these files", key=f"delete {kept.folder.name}", disabled=not sure):
                delete_kept(project, kept)
                st.rerun()
