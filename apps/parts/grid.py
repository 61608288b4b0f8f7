"""A grid of images. (Until the virtual one comes: the first images only, and none can be selected by a click.)"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st
from images.addresses import picture_addresses
from projects.project import Project

MOST = 200  # images


@dataclass(frozen=True)
class GridAnswer:
    """What the user did.

    Attributes:
        selected: Rows that are selected.
        opened: The row that was opened; None if none was.
    """

    selected: list[int] = field(default_factory=list)
    opened: int | None = None


def image_grid(
    key: str,
    project: Project,
    version: int,
    rows: Sequence[int],
    captions: Sequence[str] | None = None,
    selected: Sequence[int] = (),
    height: int = 600,
) -> GridAnswer:
    """Show images."""
    address = picture_addresses(project, version)
    said = captions or [""] * len(rows)
    images = "".join(
        f'<figure style="margin:0"><img loading="lazy" src="{address.format(row=row)}" alt="{escape(text) or row}" '
        'style="width:100%;aspect-ratio:1;object-fit:contain;background:rgba(128,128,128,.18);border-radius:4px">'
        f'<figcaption style="font-size:.75rem;overflow-wrap:anywhere">{escape(text)}</figcaption></figure>'
        for row, text in zip(rows[:MOST], said, strict=False)
    )
    columns = "repeat(auto-fill,minmax(96px,1fr))"
    with st.container(height=height, key=key):
        st.html(f'<div style="display:grid;grid-template-columns:{columns};gap:8px">{images}</div>')
    return GridAnswer(list(selected))
