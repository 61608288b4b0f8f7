"""Images with their boxes, each in the colour of its class."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from imgcls.counted import counted
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.labels.image_index import upright_size
from imgcls.labels.records import BOX, Records

IMAGES_A_PAGE = 9
SIDE = 420  # pixels of an image's longer side
PALETTE = ("#e4572e", "#2e86ab", "#3a9d5d", "#b5179e", "#d99a00", "#5f4bb6", "#00838f", "#8d6e63")


def show_boxes(records: Records) -> None:
    """Show a page of the images that have boxes; one class can be chosen.

    Args:
        records: As a format returned them, before their boxes became examples.
    """
    rows = records.boxes_or_images
    boxed = rows[rows[BOX].notna().all(axis=1)]
    if boxed.empty:
        return
    st.subheader("The boxes")
    counts = boxed["label"].value_counts()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Class with boxes",
            ["", *sorted(counts.index)],
            format_func=lambda name: f"{name} ({counts[name]:,})" if name else f"all: {counted(len(boxed), 'box')}",
            width=320,
        )
        images = (boxed[boxed["label"] == name] if name else boxed)["image"].unique()
        pages = -(-len(images) // IMAGES_A_PAGE)
        page = st.pagination(pages, key=f"boxes of {name}") if pages > 1 else 1
    shown = images[(page - 1) * IMAGES_A_PAGE : page * IMAGES_A_PAGE]
    by_image = boxed[boxed["image"].isin(shown)].groupby("image")
    with st.spinner("Drawing the boxes"):
        colors = {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(sorted(counts.index))}
        _grid([(image, records.root / image, by_image.get_group(image)) for image in shown], colors)


def _grid(images: Sequence[tuple[str, Path, pd.DataFrame]], colors: Mapping[str, str]) -> None:
    parts = []
    for image, path, rows in images:
        name = escape(image)
        source, width, height = _image(str(path), path.stat().st_mtime) if path.is_file() else ("", 0, 0)
        drawn = rows[["label", *BOX]].itertuples(index=False) if source else ()
        boxes = [_box(row[0], colors[row[0]], row[1:], width, height) for row in drawn]
        shown = f'<img src="{source}" alt="{name}" style="width:100%;display:block">' if source else "cannot be read"
        parts.append(
            f'<div><div style="position:relative;overflow:hidden;border-radius:4px">{shown}{"".join(boxes)}</div>'
            f'<div style="font-size:0.75rem;opacity:0.65;overflow-wrap:anywhere">{name}</div></div>'
        )
    columns = "repeat(auto-fill,minmax(200px,1fr))"
    st.html(
        f'<div style="display:grid;grid-template-columns:{columns};gap:12px;align-items:start">{"".join(parts)}</div>'
    )


def _box(label: str, color: str, edges: Sequence[float], width: int, height: int) -> str:
    """A frame on an image of this width and height, with the name of its class in its corner.

    edges: left, top, right and bottom in pixels.
    """
    left, top, right, bottom = edges
    place = (
        f"left:{100 * left / width:.2f}%;top:{100 * top / height:.2f}%;"
        f"width:{100 * (right - left) / width:.2f}%;height:{100 * (bottom - top) / height:.2f}%"
    )
    return (
        f'<div style="position:absolute;box-sizing:border-box;border:2px solid {color};{place}">'
        f'<span style="position:absolute;left:0;top:0;background:{color};color:white;font-size:0.7rem;line-height:1.25;'
        f'padding:0 3px;white-space:nowrap">{escape(label)}</span></div>'
    )


@st.cache_data(max_entries=500, show_spinner=False)
def _image(path: str, modified: float) -> tuple[str, int, int]:
    """The image as a data address, empty if it cannot be read, and its upright width and height.

    modified: makes a file that was changed another entry of the cache.
    """
    source = thumbnail(path, side=SIDE)
    return source, *(upright_size(Path(path)) if source else (0, 0))
