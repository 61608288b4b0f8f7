"""Parts of the report on the page: sentences, charts that follow the page's light or dark, and tables below them."""

import base64
import re
from html import escape

import pandas as pd
import streamlit as st

from imgcls.evaluation.pages.charts import DARK_PALETTE, INK, PALETTE
from imgcls.evaluation.pages.section import Chart, Section, TextTable
from parts.plain import plain
from parts.theme import is_dark

DARK_INK = {"ink": "#e8ebf0", "soft": "#a4adbb", "grid": "#2b313c", "paper": "#171b22"}  # as page.css has them
VARIABLE = re.compile(r"var\(--chart-(\w+), #\w+\)")  # as charts.py writes them


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
    """The chart as an image, in the colors of the theme that the reader has."""
    svg = VARIABLE.sub(lambda found: _colors()[found[1]], chart.svg).replace("system-ui, ", "")  # as it was measured
    address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    return f'<img src="{address}" alt="{escape(chart.description)}" style="max-width:100%;height:auto">'


def _colors() -> dict[str, str]:
    """The colors of a chart, by the names that it has for them."""
    if is_dark():
        return {**DARK_PALETTE, **DARK_INK}
    return {**PALETTE, **{name: color for name, (color, _) in INK.items()}}
