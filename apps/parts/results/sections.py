"""Parts of the report on the page: sentences, charts that follow the page's light or dark, and tables below them."""

import base64
from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from imgcls.evaluation.pages.charts import DARK_PALETTE, INK, PALETTE
from imgcls.evaluation.pages.section import Chart, Section, TextTable
from parts.plain import plain

DARK_INK = {"ink": "#e8ebf0", "soft": "#a4adbb", "grid": "#2b313c", "paper": "#171b22"}  # as page.css has them


def show_section(section: Section, *, title: bool = True) -> None:
    """Show one part of the report."""
    if title:
        st.subheader(section.title, anchor=False)
    for sentence in section.sentences:
        st.write(plain(sentence))
    if section.charts:
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:24px">{"".join(map(_drawn, section.charts))}</div>')
    if section.table and section.table.rows:
        with st.expander("As a table"):
            show_table(section.table)


def show_table(table: TextTable) -> None:
    """Show a table of text; two columns without a name stay apart."""
    names = [name or " " * (place + 1) for place, name in enumerate(table.columns)]
    st.dataframe(pd.DataFrame(table.rows, columns=names), hide_index=True)


def _drawn(chart: Chart) -> str:
    """The chart as an image that has both looks: the browser takes the one of the theme, also once that changes."""
    svg = chart.svg.replace("system-ui, ", "")  # as it was measured
    start = svg.index(">", svg.index("<svg")) + 1
    address = "data:image/svg+xml;base64," + base64.b64encode(f"{svg[:start]}{_looks()}{svg[start:]}".encode()).decode()
    return f'<img src="{address}" alt="{escape(chart.description)}" style="max-width:100%;height:auto">'


def _looks() -> str:
    """The colors of a chart, light and dark, as the style that its SVG carries."""
    light = _variables({**PALETTE, **{name: color for name, (color, _) in INK.items()}})
    return (
        f"<style>{light} @media (prefers-color-scheme: dark) {{ {_variables({**DARK_PALETTE, **DARK_INK})} }}</style>"
    )


def _variables(colors: Mapping[str, str]) -> str:
    """Colors as CSS, by the names that a chart has for them."""
    return f":root {{ {' '.join(f'--chart-{name}: {color};' for name, color in colors.items())} }}"
