"""One test image: what is answered, where the network looks, which training images are like it, what units see."""

import hashlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from images.addresses import file_address
from projects.judged_run import JudgedRun

from imgcls.explain.drawing.color_bar import color_bar
from imgcls.explain.drawing.legend import Legend
from imgcls.files import read_json
from parts.errors import explained
from parts.opened import keep
from parts.results.computed import is_there
from parts.results.pictures import NOTHING, address_of
from parts.results.to_label import label_button
from parts.theme import is_dark

FOUND = "found.json"  # as the worker calls it
DRAWN = "no frame"  # what earlier versions kept is drawn in another way
LIKELIEST = 5  # classes with a bar
SIDE, SMALL, LARGE = 384, 192, 1024  # pixels


def asked_picture(judged: JudgedRun) -> int | None:
    """The place of the image that the address names; None if it names none."""
    asked = st.query_params.get("picture", "")
    return int(asked) if asked.isdecimal() and int(asked) < len(judged.table) else None


def show_picture(judged: JudgedRun, place: int, others: np.ndarray) -> None:
    """Show an image with all that is known of it.

    Args:
        judged: The run.
        place: Of the image among the test images.
        others: Places of the images that it was chosen from, in their order.
    """
    _way_back(judged, place, others)
    left, right = st.columns([2, 5], gap="medium")
    with left:
        _show_answer(judged, place)
        label_button(judged, np.array([place]), "Fix this label", f"One image of {judged.name}", primary=True)
    with right, explained():
        _show_findings(judged, place)


def _way_back(judged: JudgedRun, place: int, others: np.ndarray) -> None:
    """To the matrix, and to the images before and behind."""
    order = others.tolist()
    at = order.index(place) if place in order else -1
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Back to all images", icon=":material/arrow_back:"):
            keep(picture=None)
            st.rerun()
        for label, step, icon in (("Previous", -1, "chevron_left"), ("Next", 1, "chevron_right")):
            there = at >= 0 and 0 <= at + step < len(order)
            if st.button(label, icon=f":material/{icon}:", disabled=not there) and there:
                keep(picture=str(order[at + step]))
                st.rerun()
        if at >= 0:
            st.caption(f"{at + 1:,} of {len(order):,}")


def _show_answer(judged: JudgedRun, place: int) -> None:
    true, answer = judged.true(place), judged.answer(place)
    said = f"Labelled {true or NOTHING}, answered {answer or NOTHING}"
    st.html(_figure(address_of(judged, place, LARGE), said, judged.path(place).name, "100%"))
    st.html(f"<strong>{escape(said)}</strong>")
    chances = judged.table.probabilities[place]
    likeliest = np.argsort(-chances, kind="stable")[:LIKELIEST]
    st.html("".join(_bar(str(judged.table.class_names[index]), float(chances[index])) for index in likeliest))


def _bar(name: str, chance: float) -> str:
    return (
        f'<div style="margin-top:4px;font-size:0.9rem;display:flex;justify-content:space-between;gap:8px">'
        f'<span style="overflow-wrap:anywhere">{escape(name)}</span><span>{100 * chance:.1f} %</span></div>'
        '<div style="height:6px;border-radius:3px;background:rgba(128,128,128,0.18)">'
        f'<div style="height:6px;border-radius:3px;width:{100 * chance:.1f}%;background:#5b8fc9"></div></div>'
    )


def _show_findings(judged: JudgedRun, place: int) -> None:
    """What the worker found, once it has."""
    folder, image = _folder(judged, place), _image(judged, place)
    asked = {"folder": str(folder), "true": judged.true(place), **image}
    if not is_there(folder / FOUND, "Looking at how the answer comes about", "explain.look_into", asked):
        return
    found = read_json(folder / FOUND)
    _show_maps(judged, place, found)
    _show_neighbours(found["neighbours"])
    _show_activations(judged, place, found["layers"])


def _image(judged: JudgedRun, place: int) -> dict[str, Any]:
    """Which image of which run, as the worker is told."""
    box = judged.box(place)
    return {
        "run": str(judged.folder.path.absolute()),
        "path": str(judged.path(place)),
        "box": None if box is None else list(box),
    }


def _folder(judged: JudgedRun, place: int) -> Path:
    asked = f"{judged.path(place)}\0{judged.box(place)}\0{judged.true(place)}\0{DRAWN}"
    return judged.findings.absolute() / hashlib.sha1(asked.encode()).hexdigest()[:20]


def _show_maps(judged: JudgedRun, place: int, found: Mapping[str, Any]) -> None:
    st.markdown(f"**What counts for the answer** ({found['method']}: bright counts most)")
    folder = _folder(judged, place)
    maps = [
        _figure(
            file_address(folder / each["file"], None, SIDE),
            each["problem"] or each["title"],
            each["title"],
            "31%",
            color_bar(Legend(**each["legend"])) if each["legend"] else "",
        )
        for each in found["maps"]
    ]
    _show_row(maps)


def _show_neighbours(neighbours: list[Mapping[str, Any]]) -> None:
    if not neighbours:
        return
    st.markdown("**The training images that are most like it to the network**")
    figures = [
        _figure(
            file_address(Path(each["path"]), tuple(each["box"]) if each["box"] else None, SMALL),
            f"Training image of {each['label']}",
            f"{each['label']}, {100 * each['likeness']:.1f} % alike",
            "112px",
        )
        for each in neighbours
    ]
    _show_row(figures)


def _show_activations(judged: JudgedRun, place: int, layers: list[str]) -> None:
    if not layers or not st.toggle("Show what the units of a layer see", key="activations"):
        return
    layer = st.selectbox("Layer", layers, len(layers) - 1)
    dark = is_dark()
    file = _folder(judged, place) / f"units-{layers.index(layer)}{'-dark' if dark else ''}.png"
    asked = {"file": str(file), "layer": layer, "dark": dark, **_image(judged, place)}
    if is_there(file, "Computing what they see", "explain.activations", asked):
        st.html(_figure(file_address(file, None, LARGE), f"Activations of the layer {layer}", "", "100%"))


def _show_row(figures: list[str]) -> None:
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(figures)}</div>')


def _figure(address: str, alt: str, caption: str, width: str, below: str = "") -> str:
    return (
        f'<figure style="margin:0;width:{width};min-width:96px"><img src="{address}" alt="{escape(alt)}" '
        f'loading="lazy" style="width:100%;image-rendering:auto;border-radius:4px">{below}'
        f'<figcaption style="font-size:0.85rem;opacity:0.8;overflow-wrap:anywhere">{escape(caption)}</figcaption>'
        "</figure>"
    )
