"""One image of a project, large, with what is known of it."""

from html import escape

import streamlit as st
from images.addresses import picture_address
from projects.project import Project
from projects.wording import in_words

from imgcls.data.manifest.table import Manifest
from parts.plain import plain


def show_large(project: Project, version: int, manifest: Manifest, row: int) -> None:
    """Draw it.

    Args:
        project: Whose image it is.
        version: Of the data that `row` belongs to.
        manifest: Of that version.
        row: Its number.
    """
    facts = manifest.table.loc[row]
    st.html(
        f'<img src="{picture_address(project, version, row, 1024)}" alt="{escape(facts["image"])}" '
        'style="width:100%;max-height:60vh;object-fit:contain;image-rendering:auto">'
    )
    size = f"{facts['width']:,} x {facts['height']:,} pixels" if facts["width"] else ""
    known = {
        "Class": ", ".join(facts["labels"]),
        "Split": facts["split"],
        "Problem": in_words(facts["problems"]),
        "Size": size,
        "Format": facts["format"],
        "Belongs to": facts["group"],
        "Labelled by": facts["annotators"],
        "File": facts["image"],
    }
    st.markdown("  \n".join(f"**{name}:** {plain(str(fact))}" for name, fact in known.items() if fact))
