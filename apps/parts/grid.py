"""A grid of a project's images."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st
from images.addresses import picture_addresses
from projects.project import Project

MOST = 200


class GridAnswer(NamedTuple):
    """What the user did.

    Attributes:
        selected: Rows.
        opened: The row that was clicked; None if none was.
    """

    selected: list[int]
    opened: int | None


def image_grid(
    key: str,
    project: Project,
    version: int,
    rows: Sequence[int],
    captions: Mapping[int, str] | None = None,
    selected: Sequence[int] = (),
    height: int = 600,
) -> GridAnswer:
    """Show images."""
    address, said = picture_addresses(project, version), captions or {}
    shown = "".join(
        f'<figure style="margin:0;width:120px"><img src="{address.format(row=row)}" alt="{escape(said.get(row, ""))}" '
        f'loading="lazy" width="120"><figcaption>{escape(said.get(row, ""))}</figcaption></figure>'
        for row in rows[:MOST]
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:8px;max-height:{height}px;overflow:auto">{shown}</div>')
    return GridAnswer(list(selected), None)
