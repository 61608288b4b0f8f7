"""Parts of the report on the page: sentences, charts that follow the page's light or dark, and tables below them."""

import pandas as pd
import streamlit as st

from imgcls.evaluation.pages.charts import DARK_PALETTE, INK, PALETTE
from imgcls.evaluation.pages.section import Section, TextTable
from parts.plain import plain

DARK_INK = {"ink": "#e8ebf0", "soft": "#a4adbb", "grid": "#2b313c", "paper": "#171b22"}  # as page.css has them


def show_section(section: Section, *, title: bool = True) -> None:
    """Show one part of the report."""
    if title:
        st.subheader(section.title, anchor=False)
    for sentence in section.sentences:
        st.write(plain(sentence))
    if section.charts:
        drawn = "".join(
            f'<figure role="img" aria-label="{_attribute(chart.description)}" style="margin:0;max-width:100%">'
            f"{chart.svg}</figure>"
            for chart in section.charts
        )
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:24px;{_colors()}">{_fluid(drawn)}</div>')
    if section.table and section.table.rows:
        with st.expander("As a table"):
            show_table(section.table)


def show_table(table: TextTable) -> None:
    """Show a table of text; two columns without a name stay apart."""
    names = [name or " " * (place + 1) for place, name in enumerate(table.columns)]
    st.dataframe(pd.DataFrame(table.rows, columns=names), hide_index=True)


def _colors() -> str:
    """The variables that the charts name, for the theme that the reader has."""
    dark = st.context.theme.type == "dark"
    ink = DARK_INK if dark else {name: color for name, (color, _) in INK.items()}
    every = {**(DARK_PALETTE if dark else PALETTE), **ink}
    return "".join(f"--chart-{name}:{color};" for name, color in every.items())


def _fluid(svg: str) -> str:
    return svg.replace("<svg ", '<svg style="max-width:100%;height:auto" ')


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
