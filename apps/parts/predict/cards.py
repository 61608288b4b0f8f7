"""A card for each image: the image, what is said of it, and a bar for each likely class."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st
from images.addresses import file_address
from projects.threshold import percent

from parts.predict.said import NAMED, NONE, STRANGE, UNREADABLE, UNSURE, WAITS, Said, said_of

BARS = 3  # classes on a card
SIDE = 192  # pixels of the small image that is sent
LOOK = """<style>
.answers {display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 12px}
.answers article {border: 1px solid rgba(128, 128, 128, .3); border-radius: 6px; padding: 10px; display: flex;
  gap: 12px; min-width: 0}
.answers img, .answers .blank {width: 96px; height: 96px; border-radius: 4px; flex: none; object-fit: contain;
  background: rgba(128, 128, 128, .15)}
.answers div.text {flex: 1; min-width: 0}
.answers .name {font-size: .8rem; opacity: .75; white-space: nowrap; overflow: hidden; text-overflow: ellipsis}
.answers .said {font-weight: 600; overflow-wrap: anywhere; margin: 2px 0 4px}
.answers .gray {font-weight: 400; font-style: italic; opacity: .75}
.answers .bar {display: flex; justify-content: space-between; gap: 8px; font-size: .8rem; overflow-wrap: anywhere}
.answers .track {background: rgba(128, 128, 128, .25); border-radius: 3px; height: 5px; margin-bottom: 3px}
.answers .track div {background: #5b8fc9; border-radius: 3px; height: 5px}
.answers .quiet .track div {background: #8a8f98}
</style>"""


def cards(rows: Sequence[dict], threshold: float) -> str:
    """Cards of images, as HTML.

    Args:
        rows: As `projects.answers` keeps them; `file` is what is shown.
        threshold: Probability from which on a class is named.
    """
    return f'{LOOK}<div class="answers">{"".join(_card(row, said_of(row, threshold), threshold) for row in rows)}</div>'


def show_cards(rows: Sequence[dict], threshold: float) -> None:
    """Show a card for each image."""
    st.html(cards(rows, threshold))


def _card(row: dict, said: Said, threshold: float) -> str:
    name, bars = escape(row["image"], quote=True), _bars(row, said, threshold)
    quiet = ' class="quiet"' if said.kind != NAMED else ""
    return (
        f'<article{quiet}>{_picture(row, said)}<div class="text"><div class="name" title="{name}">{name}</div>'
        f'<div class="said{" gray" if said.kind != NAMED else ""}">{escape(_words(said))}</div>{bars}'
        "</div></article>"
    )


def _words(said: Said) -> str:
    words = {WAITS: "Waiting", UNSURE: "Not sure", NONE: said.text.capitalize(), STRANGE: said.text.capitalize()}
    return words.get(said.kind, f"Cannot be read: {said.text}" if said.kind == UNREADABLE else said.text)


def _picture(row: dict, said: Said) -> str:
    if not row["file"] or said.kind == UNREADABLE:
        return '<div class="blank" aria-hidden="true"></div>'
    alt = escape(row["image"], quote=True)
    return f'<img src="{escape(file_address(Path(row["file"]), side=SIDE), quote=True)}" loading="lazy" alt="{alt}">'


def _bars(row: dict, said: Said, threshold: float) -> str:
    if said.kind in (WAITS, UNREADABLE):
        return ""
    shares = zip(row["classes"][:BARS], row["probabilities"][:BARS], strict=True)
    return "".join(_bar(label, share, percent(share, threshold)) for label, share in shares)


def _bar(label: str, share: float, shown: str) -> str:
    return (
        f'<div class="bar"><span>{escape(label)}</span><span>{shown}</span></div>'
        f'<div class="track"><div style="width:{100 * share:.1f}%"></div></div>'
    )
