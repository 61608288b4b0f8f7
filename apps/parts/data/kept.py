"""Files that were dropped on the page, what they take on the disk, and a way to delete them."""

import streamlit as st
from projects.kept_files import Kept, delete_kept, kept_files
from projects.project import Project

from imgcls.counted import counted
from parts.home.manage import size_in_words
from parts.plain import plain


def show_kept(project: Project, number: int) -> None:
    """A row for each folder of files that were dropped together."""
    st.subheader("Files that were dropped here", anchor=False)
    found = kept_files(project, number)
    if not found:
        st.caption("None: all images lie in folders of the server.")
    for kept in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            size = f"{counted(kept.files, 'file')}, {size_in_words(kept.size)}"
            st.markdown(f"**{plain(kept.title)}**  \n{size}, {_use(kept)}")
            sure = not kept.needed or st.checkbox("Delete images in use too", key=f"sure {kept.folder.name}")
            if st.button("Delete these files", key=f"delete {kept.folder.name}", disabled=not sure):
                delete_kept(project, kept)
                st.rerun()


def _use(kept: Kept) -> str:
    if kept.used:
        return f"{counted(kept.used, 'image')} of this version"
    return "used in another version, or on their way in" if kept.needed else "not used in any version"
