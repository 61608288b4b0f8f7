"""A network that has its weights here, at work on one's own image: what a layer answers, and what counted."""

import base64
from html import escape

import streamlit as st
from worker.client import call

from imgcls.explain.drawing.color_bar import color_bar
from imgcls.explain.drawing.legend import Legend
from imgcls.image_files import READABLE
from parts.addressed import addressed, keep_field
from parts.plain import plain
from parts.theme import is_dark

METHODS = {"Saliency": "saliency", "Grad-CAM": "grad_cam", "Integrated gradients": "integrated_gradients",
           "Deconvnet": "deconvnet"}  # fmt: skip
MOST_MEGABYTES = 50
READABLE_WIDTH = 640  # pixels, of a sheet that is drawn about 900 wide


@st.cache_data(show_spinner="Drawing the filters", max_entries=20)
def filters(network: str, dark: bool) -> tuple[bytes, str]:
    """The first filters of a network as PNG, and what is to be seen."""
    return call("learn.first_filters", network=network, dark=dark)


@st.cache_data(show_spinner=False, max_entries=20)
def layers(network: str) -> list[str]:
    """The layers that can be looked into."""
    return call("learn.layers", network=network)


@st.cache_data(show_spinner="The network looks at the image", max_entries=50)
def look(network: str, picture: bytes, layer: str, method: str, dark: bool) -> dict:
    """See worker/tasks/learn.py."""
    return call("learn.look", network=network, picture=picture, layer=layer, method=method, dark=dark)


def show_png(png: bytes, words: str, legend: Legend | None = None) -> None:
    """An image, with what it shows for those who cannot see it, and what its colors mean."""
    st.html(f"{_image(png, words, 'max-width:100%')}{color_bar(legend) if legend else ''}")
    st.caption(plain(words))


def show_sheet(png: bytes, words: str) -> None:
    """An image with small numbers in it: on a narrow page it scrolls to the side, and does not get smaller."""
    width = min(_width(png), READABLE_WIDTH)
    image = _image(png, words, f"max-width:100%;min-width:{width}px")
    st.html(f'<div style="overflow-x:auto" tabindex="0" role="group" aria-label="{escape(words)}">{image}</div>')
    st.caption(plain(words))


def _width(png: bytes) -> int:
    """In pixels, as the header of a PNG has it."""
    return int.from_bytes(png[16:20], "big")


def _image(png: bytes, words: str, style: str) -> str:
    address = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img src="{address}" alt="{escape(words)}" style="{style}">'


def show_own_picture(network: str) -> None:
    """Ask for an image, a layer and a method; show what the layer answers and what counted."""
    file = st.file_uploader("Your image", max_upload_size=MOST_MEGABYTES, help=READABLE)
    names = layers(network)
    chosen, how = st.columns(2)
    layer = chosen.selectbox("Layer", names, key=addressed("layer", names, names[-1]))
    keep_field("layer", layer)
    method = how.selectbox("What counted, by", list(METHODS))
    if file is None:
        st.caption("Choose an image: the network names it, and shows what this layer makes of it.")
        return
    found = look(network, file.getvalue(), layer, METHODS[method], is_dark())
    st.write(f"The network says **{plain(found['name'])}**, {100 * found['probability']:.0f} %.")
    with st.container(width=_width(found["heat"])):
        show_png(found["heat"], f"What counted for {found['name']}, by {method}", found["legend"])
    show_sheet(found["activations"], f"What the units of {layer} answer")
