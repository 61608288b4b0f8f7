"""Images on the page, with their captions."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from imgcls.data.images.encoded import file_of
from imgcls.evaluation.pages.thumbnails import thumbnail

SIDE = 92  # pixels
GRAY = "rgba(128, 128, 128, 0.18)"  # on light and dark pages
BAR = "#5b8fc9"
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def rows_of_images(rows: Sequence[tuple[str, str, Sequence[tuple[Path, Box | None]]]]) -> None:
    """A row for each (name, note, [(image file, box)]): a class and some of its images. Without a box, all of it."""
    parts = []
    for name, note, paths in rows:
        shown = "".join(
            _image(image(str(path), file_of(path).stat().st_mtime, box), path.name, 64) for path, box in paths
        )
        parts.append(
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;padding:6px 0;'
            f'border-top:1px solid {GRAY}"><div style="width:150px;overflow-wrap:anywhere">'
            f'<div>{escape(name)}</div><div style="font-size:0.8rem;opacity:0.65">{escape(note)}</div></div>'
            f'<div style="display:flex;flex-wrap:wrap;gap:4px">{shown}</div></div>'
        )
    st.html("".join(parts))


def cards(entries: Sequence[tuple[str, str, Sequence[tuple[str, float]]]]) -> None:
    """A card for each (image as a data address, file name, [(class, probability in 0 to 1)])."""
    parts = []
    for source, name, named in entries:
        bars = "".join(_bar(label, share, first=place == 0) for place, (label, share) in enumerate(named))
        parts.append(
            f'<div style="border:1px solid {GRAY};border-radius:6px;padding:10px;display:flex;gap:12px;min-width:0">'
            f'{_image(source, name, SIDE)}<div style="flex:1;min-width:0">'
            '<div style="font-size:0.8rem;opacity:0.65;white-space:nowrap;overflow:hidden;text-overflow:ellipsis" '
            f'title="{escape(name)}">{escape(name)}</div>{bars}</div></div>'
        )
    columns = "repeat(auto-fill,minmax(min(100%,310px),1fr))"
    st.html(f'<div style="display:grid;grid-template-columns:{columns};gap:10px">{"".join(parts)}</div>')


def _bar(label: str, share: float, *, first: bool) -> str:
    weight = 600 if first else 400
    return (
        f'<div style="font-size:0.85rem;font-weight:{weight};margin-top:4px">'
        '<div style="display:flex;justify-content:space-between;gap:8px">'
        f'<span style="overflow-wrap:anywhere">{escape(label)}</span><span>{100 * share:.1f} %</span></div>'
        f'<div style="background:{GRAY};border-radius:3px;height:6px"><div style="background:{BAR};border-radius:3px;'
        f'height:6px;width:{100 * share:.1f}%"></div></div></div>'
    )


def _image(source: str, name: str, side: int) -> str:
    box = f"width:{side}px;height:{side}px;border-radius:4px;flex:none"
    if not source:
        return f'<div style="{box};background:{GRAY}"></div>'
    name = escape(name)
    return f'<img src="{source}" alt="{name}" title="{name}" style="{box};object-fit:contain;background:{GRAY}">'


@st.cache_data(max_entries=5000, show_spinner=False)
def image(path: str, modified: float, box: Box | None = None) -> str:
    """A small image as a data address; `modified` makes a file that was changed another entry of the cache."""
    return thumbnail(path, box)
